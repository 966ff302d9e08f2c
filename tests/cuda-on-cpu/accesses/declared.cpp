#include "declared.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <vector>

namespace accesses {
namespace {

using Types = std::map<std::string, std::string>;  // of a macro's parameters

// "8 + sizeof(Z)", "4 + bits / 8".
double value_of(const std::string &sum, const Types &types) {
  static const std::regex term(R"(sizeof\((\w+)\)|(\w+) / 8|([0-9]+))");
  double value = 0;
  for (std::sregex_iterator found(sum.begin(), sum.end(), term), end; found != end; ++found) {
    if ((*found)[1].matched) {
      value += types.at((*found)[1]) == "f32" ? 4 : 2;
    } else if ((*found)[2].matched) {
      value += std::stod(types.at((*found)[2])) / 8;
    } else {
      value += std::stod((*found)[3]);
    }
  }
  return value;
}

// What stands before " read" or " written".
double part_of(const std::string &sentence, const std::string &verb, const Types &types) {
  const std::regex part(R"(((?:(?:sizeof\(\w+\)|\w+ / 8|[0-9]+)(?: \+ )?)+)(?: for the residual)? )" + verb +
                        "( where| per)?");
  std::smatch found;
  if (!std::regex_search(sentence, found, part)) return 0;
  return found[2].matched ? std::nan("") : value_of(found[1], types);
}

// The types that make a kernel's name of an exported one such as "residual_add_##Z"; false if none do.
bool match(const std::string &pattern, const std::string &kernel, Types &types) {
  std::string expression;
  std::vector<std::string> parameters;
  static const std::regex joint("##");
  for (std::sregex_token_iterator piece(pattern.begin(), pattern.end(), joint, -1), end; piece != end; ++piece) {
    // Between parameters are pieces of the name, which begin or end with an underscore.
    const std::string text = *piece;
    const bool is_parameter = text.find('_') == std::string::npos && pattern.find("##") != std::string::npos;
    if (is_parameter) parameters.push_back(text);
    expression += is_parameter ? "(f32|bf16|4|8)" : text;
  }
  std::smatch found;
  if (!std::regex_match(kernel, found, std::regex(expression))) return false;
  for (size_t i = 0; i < parameters.size(); ++i) types[parameters[i]] = found[i + 1];
  return true;
}

}  // namespace

std::map<std::string, Declared> declared_in(const std::string &folder, const std::set<std::string> &kernels) {
  static const std::regex bytes(R"(Bytes per (?:element|logit|channel)(?: of \w+)?: ([^.]*)\.)");
  static const std::regex exported(R"(KERNEL_EXPORT\(([\w#]+)\))");
  std::map<std::string, Declared> result;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".cu") continue;
    std::ifstream file(entry.path());
    std::string line, comment, sentence;
    while (std::getline(file, line)) {
      std::smatch found;
      if (line.rfind("//", 0) == 0) {
        comment += line.substr(2);
        sentence = std::regex_search(comment, found, bytes) ? found[1].str() : "";
        if (sentence.find('*') != std::string::npos) sentence.clear();  // a multiple of another extent
        continue;
      }
      comment.clear();
      if (sentence.empty() || !std::regex_search(line, found, exported)) continue;
      for (const std::string &kernel : kernels) {
        Types types;
        if (!match(found[1], kernel, types)) continue;
        result[kernel] = {part_of(sentence, "read", types), part_of(sentence, "written", types)};
      }
    }
  }
  return result;
}

}  // namespace accesses

# Runs the test executables and counts. A count line is "N passed, N failed, N skipped"; inconclusive is skipped.
# shellcheck shell=bash

test_projects=(RevUp.Interop.Tests RevUp.Tests)
test_environment=()
passed=0 failed=0 skipped=0
declare -A processes=() started=()

# count LOG NAME: the number after "NAME:" in the summary of a test run; 0 when the run broke off before it.
count() {
  local number
  number=$(sed -n "s/^ *$2: \([0-9][0-9]*\)\$/\1/p" "$1" | tail -n 1)
  echo "${number:-0}"
}

# test_command PROJECT [ARGUMENT...]: puts the line that runs a managed project into the array `command`.
# Status 8 is "no test ran": a filter may well match in one project only.
test_command() {
  local project=$1
  shift
  command=("tests/$project/bin/Release/net10.0/$project" --no-ansi --progress off --output Detailed
    --ignore-exit-code 8 "$@")
}

# run_tests LABEL PROJECT [ARGUMENT...]: the tests of one managed project.
run_tests() {
  local label=$1 command
  test_command "${@:2}"
  run_executable "$label" "${command[@]}"
}

# launch_tests LABEL PROJECT [ARGUMENT...]: the same in the background, until `collect LABEL`.
launch_tests() {
  local label=$1 command
  test_command "${@:2}"
  launch "$label" "${command[@]}"
}

# with_names NAME...: a filter for the tests whose full name has one of them.
with_names() { local IFS='|'; echo "${*/#/FullyQualifiedName~}"; }

# without_names NAME...: a filter for all other tests.
without_names() { local IFS='&'; echo "${*/#/FullyQualifiedName!~}"; }

# run_rank_tests [SCRIPT...]: the scripts of tests/ranks that are named, or all. What is skipped is told with its reason.
run_rank_tests() {
  local script
  (($# > 0)) || set -- two-nodes slurm kill
  build
  set_up_ranks
  build_stand_ins cuda-on-cpu "$artifacts/cmake"
  for script in "$@"; do
    case $script in
      kill) run_executable kill tests/ranks/kill.sh 4 ;;
      two-nodes | slurm) run_executable "$script" "tests/ranks/$script.sh" ;;
      *) fail "\"$script\" is no script of tests/ranks. Use two-nodes, slurm or kill." ;;
    esac
    grep -A 1 '^skipped ' "$logs/test-$script.log" || true
  done
  report
}

# build_stand_ins LABEL CMAKE_FOLDER: those for NVIDIA's libraries.
build_stand_ins() { stage "$1: compile" "$1-compile" cmake --build "$2" --target cuda_on_cpu; }

# run_executable LABEL COMMAND...: adds to the counts and goes on whatever the result.
run_executable() {
  launch "$@"
  collect "$1"
}

# launch LABEL COMMAND...: starts it beside what comes next. A shell without job control would have Ctrl-C ignored in it.
# Tests are short: profiling code to compile it again takes a tenth of their time and gives nothing back.
launch() {
  local label=$1
  shift
  started[$label]=$(now)
  mkdir -p "$logs"
  env --default-signal=INT,QUIT DOTNET_TieredPGO=0 "${test_environment[@]}" "$@" >"$logs/test-$label.log" 2>&1 </dev/null &
  processes[$label]=$!
}

# collect LABEL: waits for it and adds to the counts whatever the result.
collect() {
  local label=$1 status=0 log=$logs/test-$1.log start=${started[$1]} here_passed here_failed here_skipped
  running "$label"
  wait "${processes[$label]}" || status=$?
  here_passed=$(count "$log" succeeded) here_failed=$(count "$log" failed) here_skipped=$(count "$log" skipped)
  if ((status != 0 && here_failed == 0)); then
    here_failed=1
  fi
  passed=$((passed + here_passed)) failed=$((failed + here_failed)) skipped=$((skipped + here_skipped))
  if ((here_failed == 0)); then
    line "$green✓$reset" "$label" "$here_passed passed, $here_skipped skipped in $(since "$start")"
    return
  fi
  line "$red✗$reset" "$label" "$here_passed passed, $here_failed failed, $here_skipped skipped in $(since "$start")"
  if grep -q '^failed ' "$log"; then
    # The first lines of each failure without the stack, which is in the log.
    awk '/^failed / { left = 10 } /^[^ ]/ && !/^failed / { left = 0 } !/^    at / && left-- > 0' "$log" | sed -n 1,60p
  else
    tail -n 20 "$log"
  fi
  printf 'The rest is in %s.\n' "${log#"$root"/}"
}

# report: the count line last, and success only if something was run and nothing failed.
report() {
  if ((passed + failed + skipped == 0)); then
    printf 'No test matches the filter.\n'
  fi
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  ((failed == 0 && passed + skipped > 0))
}

# test_arguments ARGUMENT...: options are passed on as they are; plain words select the tests whose full name has them.
test_arguments() {
  arguments=("$@")
  if (($# > 0)) && [[ $1 != -* ]]; then
    arguments=(--filter "$*")
  fi
}

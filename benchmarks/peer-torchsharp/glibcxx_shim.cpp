// TorchSharp's native library was linked with GCC 13 and asks for std::ios_base_library_init() of GLIBCXX_3.4.32, which
// older systems (Debian 12) do not have. All it does is to initialise the standard streams. Preloaded into the peer.
#include <ios>

extern "C" void _ZSt21ios_base_library_initv() { static std::ios_base::Init streams; }

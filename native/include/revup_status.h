// revup_status.h: what every function of RevUp's native libraries returns.
#ifndef REVUP_STATUS_H
#define REVUP_STATUS_H

#include <stdint.h>

#define REVUP_API __attribute__((visibility("default")))

typedef int32_t revup_status;
enum {
  REVUP_OK = 0,
  REVUP_INVALID_ARGUMENT = 1,  // null, misaligned, negative, or inconsistent; the message names the argument
  REVUP_OUT_OF_MEMORY = 2,
  REVUP_UNSUPPORTED = 3,  // valid, but this build or processor cannot do it
  REVUP_INTERNAL = 4,     // an exception of a library or of our own; the message carries its text
  REVUP_INVALID_DATA = 5  // the bytes of a file are not what they must be; the message says how
};

#endif

/* One header of ours by itself, or after libucw's own: HEADER says which, and
 * it is included twice.  That this compiles without a warning is the test. */

#ifdef AFTER_LIB_H
#include "ucw/lib.h"
#endif

#include HEADER
#include HEADER

/* The counter of c-threads among forty thousand functions: nothing that looks at every instruction gets to it. */
#include "crowd.h"
#include "../c-threads/broken.c"

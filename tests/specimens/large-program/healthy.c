/* The twin of broken.c: the same crowd, and the counter touched only under a mutex. */
#include "crowd.h"
#include "../c-threads/healthy.c"

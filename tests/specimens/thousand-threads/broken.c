/*
 * A thousand threads, one plain counter. Most of them wait, for a lock or their turn: whoever watches cannot know which of
 * them will run next.
 * The race: `requests++` in count() against itself.
 */
#include "crowd.h"

static uint64_t requests;

STAGE_OPAQUE static void count(void) { requests++; /* races with itself */ }

int main(int argc, char **argv) { return crowd_play(argc, argv); }

/*
 * 32-byte stores and loads (AVX2 intrinsics) of one shared vector: wider than any hardware watchpoint.
 * The race: the store in store_vector() against the load in load_vector(). Exits 77 without AVX2.
 */
#include <immintrin.h>

#include "stage.h"

static __m256i shared;

__attribute__((target("avx2"))) STAGE_OPAQUE static void store_vector(uint64_t value) {
    _mm256_store_si256(&shared, _mm256_set1_epi64x((long long)value)); /* races with load_vector() */
}

__attribute__((target("avx2"))) STAGE_OPAQUE static uint64_t load_vector(void) {
    __m256i value = _mm256_load_si256(&shared); /* races with store_vector() */
    __asm__("" : "+x"(value)); /* else the compiler loads only the words it needs */
    return (uint64_t)(_mm256_extract_epi64(value, 0) ^ _mm256_extract_epi64(value, 3));
}

static uint64_t writer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        store_vector(operations);
        stage_work(1500);
    }
    return operations;
}

static uint64_t reader(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        stage_work((unsigned)(load_vector() & 255));
        stage_pause(20);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {writer, reader, NULL};
    if (!__builtin_cpu_supports("avx2")) return 77;
    return stage_play(argc, argv, roles);
}

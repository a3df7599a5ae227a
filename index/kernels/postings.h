/* What kernels see of an index; search/kernels/postings.py packs the same layouts. */
#ifndef POSTINGS_H
#define POSTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `count` unsigned numbers of so many bytes each; none is near 2^63. Where `bytes` is 0 they are packed: they have so
   many `bits` each, the first one after `shift` others, and there are eight bytes more behind the last one. */
typedef struct {
    const void *at;
    int64_t count;
    int32_t bytes;
    int16_t bits, shift;
} Numbers;

/* The inverted index of a field in one segment, as index/segments/segment.py has it. Doc ids of the segment plus
   `offset` are those of the snapshot, below `limit`. `field` is the row of its occurrence weights. */
typedef struct {
    Numbers terms, term_starts, samples, sample_starts;
    Numbers starts, articles, counts, large, large_counts, position_starts, positions;
    int64_t offset, limit, field;
} Field;

/* Which of 64 articles in a row a posting list has, one bit each, and how many it has before them. */
typedef struct __attribute__((packed, aligned(4))) {
    uint64_t members;
    uint32_t before;
} Block;

/* The posting list of a term in one segment: slices of the arrays of a Field; the term's first posting is number
   `first` of the field. A long list may have blocks, others have NULL. */
typedef struct {
    Numbers articles, counts, large, large_counts, positions;
    const Block *blocks;
    int64_t first, offset, limit, field;
} Part;

static inline int64_t number_at(const void *array, int64_t bytes, int64_t place)
{
    switch (bytes) {
    case 1: return ((const uint8_t *)array)[place];
    case 2: return ((const uint16_t *)array)[place];
    case 4: return ((const uint32_t *)array)[place];
    default: return ((const int64_t *)array)[place];
    }
}

static inline int64_t number(const Numbers *numbers, int64_t place)
{
    if (numbers->bytes)
        return number_at(numbers->at, numbers->bytes, place);
    uint64_t word, bit = place * numbers->bits + numbers->shift;
    memcpy(&word, (const uint8_t *)numbers->at + bit / 8, sizeof word);
    return word >> bit % 8 & ((UINT64_C(1) << numbers->bits) - 1);
}

/* Return the numbers from one place up to another; none where a damaged file has places beyond the array. */
static inline Numbers slice(Numbers all, int64_t from, int64_t to)
{
    if (from < 0 || from > to || to > all.count)
        from = to = 0;
    int64_t bit = from * (all.bytes ? 8 * all.bytes : all.bits) + all.shift;
    all.at = (const uint8_t *)all.at + bit / 8;
    all.shift = bit % 8;
    all.count = to - from;
    return all;
}

/* Return the first place, at or after `from`, whose number in an ascending array is `wanted` or more; `count` if none
   is. It costs the logarithm of the distance, so that walking a long list for a few articles is cheap. */
static inline int64_t place_in(const Numbers *numbers, int64_t from, int64_t wanted)
{
    int64_t low = from, step = 1, count = numbers->count;
    while (low + step <= count && number(numbers, low + step - 1) < wanted) {
        low += step;
        step *= 2;
    }
    int64_t high = low + step - 1 < count ? low + step - 1 : count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (number(numbers, middle) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline int64_t seek(const void *array, int64_t bytes, int64_t from, int64_t count, int64_t wanted)
{
    Numbers numbers = {.at = array, .count = count, .bytes = bytes};
    return place_in(&numbers, from, wanted);
}

/* Return how often the article at a place of a posting list has the term: the list has it as at most 15. */
static inline int64_t frequency_at(const Part *part, int64_t place)
{
    int64_t count = number(&part->counts, place);
    if (count >= 15 && part->large.count) {
        int64_t wanted = part->first + place, at = place_in(&part->large, 0, wanted);
        if (at < part->large.count && number(&part->large, at) == wanted)
            return number(&part->large_counts, at);
    }
    return count;
}

/* Compile a copy of an inlined call for each size of numbers: SIZE is then known where it matters. */
#define FOR_EACH_SIZE(bytes, call)                  \
    switch (bytes) {                                \
    case 1: { enum { SIZE = 1 }; call; break; }     \
    case 2: { enum { SIZE = 2 }; call; break; }     \
    case 4: { enum { SIZE = 4 }; call; break; }     \
    default: { enum { SIZE = 8 }; call; break; }    \
    }
#define INLINED static inline __attribute__((always_inline))

/* Compile a function for processors that count bits by one instruction, too. */
#if defined(__x86_64__) && defined(__gnu_linux__)
#define COUNTS_BITS __attribute__((target_clones("popcnt", "default")))
#else
#define COUNTS_BITS
#endif

#endif

/* Compare the sketches of articles with those of all before them. */
#include "postings.h"

enum { TOGETHER = 2048 };

/* Give each article from number `first` on the story of the nearest one before it: of those whose sketches differ in the
   fewest slots, at most `most`, the lowest story. A sketch has two bits for each slot, and one of zeros is like none.
   `fewest` has `most` + 1 for each article from `first` on. */
COUNTS_BITS void assign_stories(const uint64_t *low, const uint64_t *high, int64_t *stories, int64_t first,
                                int64_t count, int64_t most, int64_t *fewest)
{
    /* All new articles are compared with some that the cache holds, then with the next ones. */
    for (int64_t from = 0; from < count; from += TOGETHER)
        for (int64_t at = first > from ? first : from; at < count; at++) {
            const uint64_t own_low = low[at], own_high = high[at];
            int64_t end = at < from + TOGETHER ? at : from + TOGETHER, *least = fewest + (at - first);
            for (int64_t other = from; (own_low | own_high) && other < end; other++) {
                uint64_t differing = own_low ^ low[other];
                if (__builtin_popcountll(differing) > most || !(low[other] | high[other]))
                    continue;
                int64_t slots = __builtin_popcountll(differing | (own_high ^ high[other]));
                if (slots > most || slots > *least || (slots == *least && stories[other] >= stories[at]))
                    continue;
                *least = slots;
                stories[at] = stories[other];
            }
        }
}

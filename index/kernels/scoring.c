/* What terms add to the scores of some articles. */
#include "postings.h"

/* Add to `often` how often each of the articles first .. last - 1 has the term, times what an occurrence counts. */
INLINED void weigh(const Part *part, int bytes, const int64_t *articles, int64_t first, int64_t last,
                   const float *weights, float *often)
{
    int64_t place = 0, count = part->articles.count;
    while (first < last) {
        place = seek(part->articles.at, bytes, place, count, articles[first] - part->offset);
        if (place == count)
            break;
        int64_t article = part->offset + number_at(part->articles.at, bytes, place);
        if (article == articles[first])
            often[first++] += frequency_at(part, place++) * weights[article];
        else
            first = seek(articles, 8, first + 1, last, article);
    }
}

/* The same for a list with blocks: an article costs the same wherever the one before was. */
COUNTS_BITS static void weigh_by_blocks(const Part *part, const int64_t *articles, int64_t first, int64_t last,
                                        const float *weights, float *often)
{
    for (int64_t at = first; at < last; at++) {
        int64_t article = articles[at] - part->offset;
        const Block *block = part->blocks + article / 64;
        uint64_t bit = UINT64_C(1) << article % 64;
        if (block->members & bit) {
            int64_t place = block->before + __builtin_popcountll(block->members & (bit - 1));
            often[at] += frequency_at(part, place) * weights[articles[at]];
        }
    }
}

/* Add to the sums of `articles` (ascending), term by term, the weight of each term times its saturated frequency. Term
   t has the next part_counts[t] of `parts`. `occurrence_weights` has a row of `size` numbers for each field; `often` is
   room for a number an article. */
void add_terms(const Part *parts, const int32_t *part_counts, const float *term_weights, int64_t terms,
               const float *occurrence_weights, int64_t size, const int64_t *articles, int64_t count, float full,
               float k1, float *often, float *sums)
{
    for (int64_t term = 0; term < terms; term++) {
        memset(often, 0, count * sizeof *often);
        for (const Part *end = parts + part_counts[term]; parts < end; parts++) {
            const float *weights = occurrence_weights + parts->field * size;
            int64_t first = seek(articles, 8, 0, count, parts->offset);
            int64_t last = seek(articles, 8, first, count, parts->limit);
            if (parts->blocks == NULL)
                FOR_EACH_SIZE(parts->articles.bytes, weigh(parts, SIZE, articles, first, last, weights, often))
            else
                weigh_by_blocks(parts, articles, first, last, weights, often);
        }
        for (int64_t at = 0; at < count; at++)
            sums[at] += often[at] * full / (often[at] + k1) * term_weights[term];
    }
}

/* Where the words of a query stand in an article: near each other, at the beginning, in a row. */
#include "postings.h"

/* The positions of one term in one field of one article, ascending. */
typedef struct {
    Numbers positions;
    int64_t next; /* the first one, INT64_MAX without any */
} Occurrences;

/* Return how many occurrences the places from .. to - 1 of a posting list have. Counts are of 4 bits or of 8. */
static int64_t occurrences(const Part *part, int64_t from, int64_t to)
{
    const uint64_t every_other_half = UINT64_C(0x0f0f0f0f0f0f0f0f), every_other = UINT64_C(0x00ff00ff00ff00ff);
    const Numbers *counts = &part->counts;
    int64_t bits = counts->bytes ? 8 : 4, sum = 0, place;
    for (int64_t at = place_in(&part->large, 0, part->first + from); at < part->large.count; at++) {
        if ((place = number(&part->large, at) - part->first) >= to)
            break;
        sum += number(&part->large_counts, at) - number(counts, place);
    }
    for (; from < to && (from * bits + counts->shift) % 8; from++)
        sum += number(counts, from);
    while (to - from >= 64 / bits) { /* eight bytes at a time, in four sums of 16 bits, which are full after 128 times */
        uint64_t sums = 0, some;
        for (int times = 0; times < 128 && to - from >= 64 / bits; times++, from += 64 / bits) {
            memcpy(&some, (const uint8_t *)counts->at + (from * bits + counts->shift) / 8, 8);
            if (bits == 4)
                some = (some & every_other_half) + (some >> 4 & every_other_half);
            sums += (some & every_other) + (some >> 8 & every_other);
        }
        for (; sums; sums >>= 16)
            sum += sums & 0xffff;
    }
    for (; from < to; from++)
        sum += number(counts, from);
    return sum;
}

/* Find the occurrences of a term in `articles` (ascending); found[0] is that of the first article, found[apart] that of
   the second. Those of articles without the term are left as they are. */
static void find_occurrences(const Part *part, const int64_t *articles, int64_t count, Occurrences *found,
                             int64_t apart)
{
    int64_t first = seek(articles, 8, 0, count, part->offset), last = seek(articles, 8, first, count, part->limit);
    int64_t place = 0, before = 0;
    for (int64_t at = first; at < last; at++) {
        int64_t wanted = articles[at] - part->offset;
        int64_t next = seek(part->articles.at, part->articles.bytes, place, part->articles.count, wanted);
        before += occurrences(part, place, next);
        place = next;
        if (place == part->articles.count)
            return;
        int64_t often = frequency_at(part, place);
        if (number(&part->articles, place) != wanted || !often)
            continue;
        if (before + often > part->positions.count) /* only in a damaged file, or in a field without positions */
            return;
        Numbers positions = slice(part->positions, before, before + often);
        found[at * apart] = (Occurrences){positions, number(&positions, 0)};
    }
}

/* Do so for several terms: term t has the next part_counts[t] of `parts`. `room` is for the occurrences of every term
   in every article. */
static void find_all(const Part *parts, const int32_t *part_counts, int64_t terms, const int64_t *articles,
                     int64_t count, Occurrences *room)
{
    for (int64_t at = 0; at < count * terms; at++)
        room[at] = (Occurrences){.next = INT64_MAX};
    for (int64_t term = 0; term < terms; term++)
        for (const Part *end = parts + part_counts[term]; parts < end; parts++)
            find_occurrences(parts, articles, count, room + term, terms);
}

/* Raise `best` of each width to the weight of the best window of one field, unless no window can be better. */
static void best_windows(Occurrences *terms, const float *weights, int64_t count, const int64_t *widths,
                         int64_t width_count, float *best, int64_t apart)
{
    for (;;) {
        /* A best window starts at an occurrence; what else is in it are the next ones of the other terms. */
        Occurrences *first = terms;
        for (Occurrences *term = terms; term < terms + count; term++)
            if (term->next < first->next)
                first = term;
        int64_t start = first->next;
        float most = 0;
        for (int64_t term = 0; term < count; term++)
            most += terms[term].positions.count ? weights[term] : 0.0f;
        int64_t better = 0;
        for (int64_t width = 0; width < width_count; width++)
            better += most > best[width * apart];
        if (!better)
            return;
        for (int64_t width = 0; width < width_count; width++) {
            float sum = 0;
            for (int64_t term = 0; term < count; term++)
                sum += terms[term].next - start < widths[width] ? weights[term] : 0.0f;
            if (sum > best[width * apart])
                best[width * apart] = sum;
        }
        first->positions = slice(first->positions, 1, first->positions.count);
        first->next = first->positions.count ? number(&first->positions, 0) : INT64_MAX;
    }
}

/* Write for each article the weight of the best window of each width, in any field, and that of the terms among the
   first `lead` positions. The parts are those of all terms in the first field, then of all in the second. */
void weigh_windows(const Part *parts, const int32_t *part_counts, const float *weights, int64_t terms, int64_t fields,
                   const int64_t *articles, int64_t count, const int64_t *widths, int64_t width_count, int64_t lead,
                   Occurrences *room, float *best, float *beginning)
{
    find_all(parts, part_counts, fields * terms, articles, count, room);
    for (int64_t at = 0; at < count; at++) {
        Occurrences *first = room + at * fields * terms, *end = first + fields * terms;
        for (int64_t term = 0; term < terms; term++)
            for (const Occurrences *one = first + term; one < end; one += terms)
                if (one->next < lead) {
                    beginning[at] += weights[term];
                    break;
                }
        for (; first < end; first += terms)
            best_windows(first, weights, terms, widths, width_count, best + at, count);
    }
}

/* Set the flags of those of `articles` where the terms stand in a row: each at its distance from the first one. */
void find_rows(const Part *parts, const int32_t *part_counts, const int64_t *distances, int64_t terms,
               const int64_t *articles, int64_t count, Occurrences *room, uint8_t *flags)
{
    find_all(parts, part_counts, terms, articles, count, room);
    for (int64_t at = 0; at < count; at++) {
        const Occurrences *own = room + at * terms;
        for (int64_t begin = 0; begin < own->positions.count && !flags[at]; begin++) {
            int64_t first = number(&own->positions, begin) - distances[0], term = 1;
            for (; term < terms; term++) {
                const Numbers *positions = &own[term].positions;
                int64_t wanted = first + distances[term], place = place_in(positions, 0, wanted);
                if (place == positions->count || number(positions, place) != wanted)
                    break;
            }
            flags[at] = term == terms;
        }
    }
}

/* Look up a term: its posting lists in some fields and segments, and which articles are in them. */
#include "postings.h"

const uint32_t sources_checksum = SOURCES_CHECKSUM;

/* Compare the string at a place of packed strings with a term, as memcmp does. */
static int compare(const Numbers *strings, const Numbers *starts, int64_t place, const char *term, int64_t length)
{
    Numbers text = slice(*strings, number(starts, place), number(starts, place + 1));
    int order = memcmp(text.at, term, text.count < length ? text.count : length);
    return order ? order : (text.count > length) - (text.count < length);
}

/* Return the first place of `from` .. `to` whose string is `term` or comes after it. */
static int64_t place_of(const Numbers *strings, const Numbers *starts, int64_t from, int64_t to, const char *term,
                        int64_t length)
{
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (compare(strings, starts, middle, term, length) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Return the number of a term; -1 if the field does not have it. Every `sampled`th term is a sample. */
static int64_t term_number(const Field *field, const char *term, int64_t length, int64_t sampled)
{
    int64_t terms = field->term_starts.count - 1, samples = field->sample_starts.count - 1;
    int64_t block = place_of(&field->samples, &field->sample_starts, 0, samples, term, length);
    if (block < samples && !compare(&field->samples, &field->sample_starts, block, term, length))
        return block * sampled;
    int64_t end = block * sampled < terms ? block * sampled : terms;
    int64_t begin = block ? (block - 1) * sampled : 0;
    int64_t found = place_of(&field->terms, &field->term_starts, begin, end, term, length);
    return found < end && !compare(&field->terms, &field->term_starts, found, term, length) ? found : -1;
}

/* Write for each of some fields of segments how many articles have a term, then how many of them have a flag in `live`
   (all if that is NULL), and behind these numbers the parts of the term. Return the number of parts. */
int64_t find_parts(const Field *fields, int64_t count, const char *term, int64_t length, int64_t sampled,
                   const uint8_t *live, int64_t *room)
{
    int64_t *having = room, *living = room + count;
    Part *parts = (Part *)(room + 2 * count), *part = parts;
    for (const Field *field = fields; field < fields + count; field++, having++, living++) {
        int64_t found = term_number(field, term, length, sampled);
        *having = *living = 0;
        if (found < 0)
            continue;
        int64_t first = number(&field->starts, found), end = number(&field->starts, found + 1);
        *part = (Part){.articles = slice(field->articles, first, end), .counts = slice(field->counts, first, end),
                       .first = first, .offset = field->offset, .limit = field->limit, .field = field->field};
        int64_t low = seek(field->large.at, field->large.bytes, 0, field->large.count, first);
        int64_t high = seek(field->large.at, field->large.bytes, low, field->large.count, end);
        part->large = slice(field->large, low, high);
        part->large_counts = slice(field->large_counts, low, high);
        if (field->positions.count)
            part->positions = slice(field->positions, number(&field->position_starts, found),
                                    number(&field->position_starts, found + 1));
        *having = part->articles.count;
        *living = live == NULL ? *having : 0;
        for (int64_t place = 0; live != NULL && place < *having; place++) {
            int64_t article = field->offset + number(&part->articles, place);
            *living += article < field->limit && live[article];
        }
        part++;
    }
    return part - parts;
}

INLINED void flag(const Part *part, int bytes, uint8_t *flags)
{
    int64_t size = part->limit - part->offset;
    for (int64_t place = 0; place < part->articles.count; place++) {
        int64_t article = number_at(part->articles.at, bytes, place);
        if (article < size) /* always, but in a damaged file */
            flags[part->offset + article] = 1;
    }
}

/* Set the flags of the articles in any of the parts. */
void flag_articles(const Part *parts, int64_t count, uint8_t *flags)
{
    for (const Part *part = parts; part < parts + count; part++)
        FOR_EACH_SIZE(part->articles.bytes, flag(part, SIZE, flags))
}

/* Give blocks to the parts, from `blocks` on, which are all zero. */
void fill_blocks(Part *parts, int64_t count, Block *blocks)
{
    for (Part *part = parts; part < parts + count; part++) {
        int64_t size = part->limit - part->offset;
        for (int64_t place = 0; place < part->articles.count; place++) {
            int64_t article = number(&part->articles, place);
            if (article < size)
                blocks[article / 64].members |= UINT64_C(1) << article % 64;
        }
        int64_t before = 0;
        part->blocks = blocks;
        for (const Block *end = blocks + (size + 63) / 64; blocks < end; blocks++) {
            blocks->before = before;
            before += __builtin_popcountll(blocks->members);
        }
    }
}

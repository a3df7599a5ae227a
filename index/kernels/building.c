/* Move the parts of an index while it is built; building.py says what each does, and does the same in numpy. */

#include <stdint.h>
#include <string.h>

/* Copy runs of items, `width` bytes each. Where there are no starts, or no targets, runs follow each other. */
void copy_runs(const uint8_t *from, const int64_t *starts, uint8_t *into, const int64_t *targets, const int64_t *counts,
               int64_t runs, int64_t width) {
    int64_t read = 0, written = 0;
    for (int64_t run = 0; run < runs; run++) {
        const uint8_t *source = from + (starts ? starts[run] : read) * width;
        memcpy(into + (targets ? targets[run] : written) * width, source, (size_t)(counts[run] * width));
        read += counts[run];
        written += counts[run];
    }
}

/* The next string of a list: its first 16 bytes as two numbers, and its own number, -1 at the end of the list. */
typedef struct {
    uint64_t begins, goes_on;
    int64_t at;
} Head;

static uint64_t first_bytes(const uint8_t *string, int64_t length) { /* at least 16 bytes follow the last string */
    uint64_t number = 0;
    for (int byte = 0; byte < 8; byte++)
        number = number << 8 | string[byte];
    return length >= 8 ? number : length > 0 ? number >> 8 * (8 - length) << 8 * (8 - length) : 0;
}

static void advance(Head *head, int64_t at, int64_t end, const uint8_t *blob, const int64_t *starts) {
    head->at = at < end ? at : -1;
    if (at >= end)
        return;
    head->begins = first_bytes(blob + starts[at], starts[at + 1] - starts[at]);
    head->goes_on = first_bytes(blob + starts[at] + 8, starts[at + 1] - starts[at] - 8);
}

static int compare(const Head *one, const Head *other, const uint8_t *blob, const int64_t *starts) {
    if (one->begins != other->begins)
        return one->begins < other->begins ? -1 : 1;
    if (one->goes_on != other->goes_on)
        return one->goes_on < other->goes_on ? -1 : 1;
    int64_t a = starts[one->at + 1] - starts[one->at], b = starts[other->at + 1] - starts[other->at];
    int order = memcmp(blob + starts[one->at], blob + starts[other->at], (size_t)(a < b ? a : b));
    return order ? order : (a > b) - (a < b);
}

/* Merge sorted lists of strings, list `i` from number bounds[i] on; return how many are distinct. `numbers` gets the
 * number of each among these, `firsts` one string for each of these. No string may be in a list twice. */
int64_t merge_strings(const uint8_t *blob, const int64_t *starts, const int64_t *bounds, int64_t lists, Head *heads,
                      int64_t *numbers, int64_t *firsts) {
    int64_t distinct = 0;
    for (int64_t list = 0; list < lists; list++)
        advance(heads + list, bounds[list], bounds[list + 1], blob, starts);
    for (;;) {
        int64_t least = -1;
        for (int64_t list = 0; list < lists; list++)
            if (heads[list].at >= 0 && (least < 0 || compare(heads + list, heads + least, blob, starts) < 0))
                least = list;
        if (least < 0)
            return distinct;
        Head found = heads[least];
        for (int64_t list = least; list < lists; list++)
            if (heads[list].at >= 0 && !compare(heads + list, &found, blob, starts)) {
                numbers[heads[list].at] = distinct;
                advance(heads + list, heads[list].at + 1, bounds[list + 1], blob, starts);
            }
        firsts[distinct++] = found.at;
    }
}

/* Return where a table of strings has a string, or would have it: slots hold numbers of strings, -1 for none. */
static int64_t *slot_of(const uint8_t *string, int64_t length, int64_t *slots, int64_t mask, const uint8_t *blob,
                        const int64_t *starts) {
    uint64_t hash = 14695981039346656037u;
    for (int64_t at = 0; at < length; at++)
        hash = (hash ^ string[at]) * 1099511628211u;
    for (hash ^= hash >> 32;; hash++) {
        int64_t *slot = slots + (hash & (uint64_t)mask);
        if (*slot < 0 || (starts[*slot + 1] - starts[*slot] == length && !memcmp(blob + starts[*slot], string, length)))
            return slot;
    }
}

void add_strings(int64_t first, int64_t end, int64_t *slots, int64_t mask, const uint8_t *blob, const int64_t *starts) {
    for (; first < end; first++)
        *slot_of(blob + starts[first], starts[first + 1] - starts[first], slots, mask, blob, starts) = first;
}

/* Number the pieces of a text that spaces and line breaks end; a line break is a piece, too. Return how many are in no
 * slot: `unknown` gets the place, the start and the end of each. */
int64_t find_pieces(const uint8_t *text, int64_t length, int64_t *slots, int64_t mask, const uint8_t *blob,
                    const int64_t *starts, int64_t line_break, int64_t *numbers, int64_t *unknown) {
    int64_t count = 0, missing = 0, from = 0;
    for (int64_t at = 0; at < length; at++) {
        if (text[at] != ' ' && text[at] != '\n')
            continue;
        if ((numbers[count] = *slot_of(text + from, at - from, slots, mask, blob, starts)) < 0) {
            int64_t *entry = unknown + 3 * missing++;
            entry[0] = count, entry[1] = from, entry[2] = at;
        }
        count++;
        if (text[at] == '\n')
            numbers[count++] = line_break;
        from = at + 1;
    }
    return missing;
}

/* Find the syllables of a query in texts; search/snippets/spotter.py says how, and has the same in numpy. */

#include <stdint.h>
#include <string.h>

enum { UNKNOWN, NOT_PLAIN, PASSED_OVER, FOREIGN, SIGN = 32 };
enum { MET_UNKNOWN = -1, MET_NOT_PLAIN = -2, TOO_MANY_FORMS = -3 };
enum { LONGEST = 32, SLOTS = 2048, MOST_FORMS = SLOTS / 2, MOST_NEEDLES = 256 };

typedef struct {
    uint8_t bytes[LONGEST];
    int32_t length; /* at most LONGEST */
    int32_t whole;  /* whether a word must end with it */
} Needle;

typedef struct {
    int32_t start, end; /* in characters */
    int32_t form;       /* the number of the way it is written */
} Spot;

/* The distinct ways in which words are written, by the spot where each occurs first. */
typedef struct {
    const uint16_t *text;
    Spot *firsts;
    int32_t count;
    int32_t slots[SLOTS]; /* a form's number plus one, or 0 */
} Forms;

static int32_t form_of(Forms *forms, int32_t start, int32_t end) {
    const uint16_t *written = forms->text + start;
    int32_t length = end - start;
    uint32_t hash = 2166136261u;
    for (int32_t at = 0; at < length; at++)
        hash = (hash ^ written[at]) * 16777619u;
    uint32_t slot = (hash ^ hash >> 16) % SLOTS;
    for (; forms->slots[slot]; slot = (slot + 1) % SLOTS) {
        Spot known = forms->firsts[forms->slots[slot] - 1];
        if (known.end - known.start == length && !memcmp(forms->text + known.start, written, 2 * (size_t)length))
            return forms->slots[slot] - 1;
    }
    if (forms->count == MOST_FORMS)
        return -1;
    forms->firsts[forms->count] = (Spot){start, end, forms->count};
    forms->slots[slot] = forms->count + 1;
    return forms->count++;
}

/* What a byte stands for. Where figures, letters and foreign letters meet, a word ends. */
enum { SIGNS, FIGURES, LETTERS, FOREIGN_LETTERS, PASSED, UNREADABLE };
static const uint8_t kinds[256] = {
    [UNKNOWN] = UNREADABLE, [NOT_PLAIN] = UNREADABLE, [PASSED_OVER] = PASSED, [FOREIGN] = FOREIGN_LETTERS,
    [SIGN] = SIGNS, ['0' ... '9'] = FIGURES, ['a' ... 'z'] = LETTERS,
};

/* Tell whether a word of so many bytes is one of the needles; of each, only the first `most` count. */
static int is_wanted(const uint8_t *word, int32_t length, const Needle *needles, int32_t count, int32_t *met,
                     int32_t most) {
    int wanted = 0;
    for (int32_t at = 0; at < count; at++) {
        const Needle *needle = needles + at;
        int fits = needle->whole ? length == needle->length : length >= needle->length;
        if (fits && !memcmp(word, needle->bytes, (size_t)needle->length))
            wanted |= met[at]++ < most;
    }
    return wanted;
}

/* Fill `spots`, and `firsts` with the first spot of each form. Return the number of spots and of forms, or an error.

   `known`, if it is not null, gets the text as bytes, and `origins` the place of each byte's character; `bytes` their
   number. The text ends with a sign; the arrays have room for twice its characters. */
void find_spots(const uint16_t *text, int64_t size, const uint8_t *table, const Needle *needles, int32_t count,
                int32_t most, Spot *spots, Spot *firsts, uint8_t *known, int32_t *origins, int64_t *found) {
    Forms forms = {.text = text, .firsts = firsts};
    int32_t met[MOST_NEEDLES] = {0};
    uint8_t begun[256] = {0}, word[LONGEST];
    int64_t bytes = 0, spotted = 0;
    for (int32_t at = 0; at < count; at++)
        begun[needles[at].bytes[0]] = 1;
    for (int32_t at = 0, seam = 0; at < size;) {
        uint8_t byte = table[text[at]], kind = kinds[byte];
        if (kind == UNREADABLE) {
            found[0] = byte == UNKNOWN ? MET_UNKNOWN : MET_NOT_PLAIN;
            return;
        }
        if (known && (kind == SIGNS || (kind != PASSED && seam))) {
            known[bytes] = SIGN;
            origins[bytes++] = at;
        }
        if (kind == SIGNS || kind == PASSED) {
            seam &= kind == PASSED;
            at++;
            continue;
        }
        int32_t start = at, length = 0;
        do {
            if (kinds[byte] == kind) {
                if (known) {
                    known[bytes] = byte;
                    origins[bytes++] = at;
                }
                if (length < LONGEST)
                    word[length] = byte;
                length++;
            }
            byte = table[text[++at]];
        } while (kinds[byte] == kind || kinds[byte] == PASSED);
        seam = 1;
        if (begun[word[0]] && is_wanted(word, length, needles, count, met, most)) {
            int32_t form = form_of(&forms, start, at);
            if (form < 0) {
                found[0] = TOO_MANY_FORMS;
                return;
            }
            spots[spotted++] = (Spot){start, at, form};
        }
    }
    found[0] = spotted;
    found[1] = forms.count;
    found[2] = bytes;
}

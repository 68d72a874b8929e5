/* SPDX-License-Identifier: MIT */
/* table_csv.c - step one of the report card: a CSV file that someone else
 * wrote becomes rows of numbers and texts. libcsv knows the quoting, this
 * file knows the columns; see table.h. */
#include "predict/table.h"

#include <csv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/utf8.h"

#define FILE_BYTES   (64u << 20)
#define ROW_BYTES    (64u << 10)
#define ROWS         100000u
#define HEADER_MOST  1024u

enum kind {
    TEXT,
    NUMBER,      /* anything else in it is the row's fault               */
    HINT         /* a number that may be said in words: then unknown     */
};

struct column {
    const char *name;
    enum kind   kind;
    size_t      at;          /* in struct measured_row                   */
};

#define AT(field) offsetof(struct measured_row, field)

/* Several names may fill one field: the first with a value does. */
static const struct column known[] = {
    {"device", TEXT, AT(device)},
    {"model", TEXT, AT(model)},
    {"quant", TEXT, AT(quant)},
    {"power_mode", TEXT, AT(power_mode)},
    {"engine", TEXT, AT(engine)},
    {"engine_version", TEXT, AT(engine_version)},
    {"source_url", TEXT, AT(source)},
    {"note", TEXT, AT(note)},
    {"device_ram_gb", NUMBER, AT(device_ram_gb)},
    {"mem_bandwidth_gbs_spec", HINT, AT(bandwidth_gbs)},
    {"prompt_tokens", NUMBER, AT(prompt_tokens)},
    {"gen_tokens", NUMBER, AT(gen_tokens)},
    {"context", NUMBER, AT(context)},
    {"gen_tok_s", NUMBER, AT(gen_tok_s)},
    {"served_tok_s", NUMBER, AT(served_tok_s)},
    {"served_tok_s_after_128", NUMBER, AT(served_tok_s)},
    {"prompt_tok_s", NUMBER, AT(prompt_tok_s)},
    {"ttft_ms", NUMBER, AT(ttft_ms)},
    {"memory_mb", NUMBER, AT(memory_mb)},
    {"memory_mib", NUMBER, AT(memory_mib)},
    {"gpu_process_mib_after_turns", NUMBER, AT(memory_mib)},
    {"gpu_process_mib_loaded", NUMBER, AT(memory_mib)},
};
#define KNOWN (sizeof known / sizeof *known)
enum { DEVICE, MODEL, NEEDED };   /* the first of known[] */

struct loader {
    struct measured_table *out;
    size_t       capacity;
    const char  *device;        /* of rows that name none, or NULL           */
    char         separator;     /* of values: comma, semicolon or tab        */
    bool         has_header;
    size_t       place[KNOWN];  /* which field of a row, from 1; 0: not there*/
    size_t       n_fields;      /* of the header                             */
    char        *values[KNOWN]; /* of the row being read, NULL: none         */
    struct text_list header;
    size_t       field;         /* how many of the row were read             */
    size_t       row_bytes;
    bool         has_surplus;   /* a value past the header's last column     */
    int          line;          /* being fed                                 */
    int          row_line;      /* where the row being read starts           */
    struct err  *err;
    bool         failed;
};

/* Clean UTF-8 without the spaces around it. Caller frees. */
static char *trimmed(const char *bytes, size_t len)
{
    char  *text = utf8_clean(bytes, len), *at = text;
    size_t n;

    at += strspn(at, " \t\r\n");
    for (n = strlen(at); n && strchr(" \t\r\n", at[n - 1]);) n--;
    memmove(text, at, n);
    text[n] = '\0';
    return text;
}

/* ---- the header --------------------------------------------------------- */

static int place_column(struct loader *l, const char *name, size_t place)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcasecmp(known[i].name, name) != 0) continue;
        if (l->place[i])
            return err_set(l->err, ERR_INPUT, "line %d: there are two "
                           "columns %s; rename or remove one", l->row_line,
                           known[i].name);
        l->place[i] = place;
    }
    return 0;
}

static void add_word(struct strbuf *list, const char *word)
{
    strbuf_addf(list, "%s%s", list->len ? ", " : "", word);
}

static int check_header(struct loader *l)
{
    struct strbuf missing;
    int           rc = 0;

    strbuf_init(&missing, 600);
    for (size_t i = 0; i < NEEDED; i++)
        if (!l->place[i] && !(i == DEVICE && l->device))
            add_word(&missing, known[i].name);
    if (missing.len)
        rc = err_set(l->err, ERR_INPUT, "line %d: the header lacks %s%s%s",
                     l->row_line, missing.text,
                     !l->place[DEVICE] && !l->device
                     ? "; --device NAME says which device a table of one is "
                       "about" : "",
                     l->n_fields == 1
                     ? "; the first line has to name the columns, parted by "
                       "commas, semicolons or tabs" : "");
    strbuf_done(&missing);
    return rc;
}

static int read_header(struct loader *l)
{
    l->has_header = true;
    l->n_fields = l->header.n;
    for (size_t i = 0; i < l->header.n; i++)
        if (place_column(l, l->header.items[i], i + 1)) return -1;
    return check_header(l);
}

/* ---- a row -------------------------------------------------------------- */

static double *number_of(struct measured_row *row, const struct column *c)
{
    return (double *)(void *)((char *)row + c->at);
}

static char **text_of(struct measured_row *row, const struct column *c)
{
    return (char **)(void *)((char *)row + c->at);
}

/* Where values are parted by semicolons the comma is the decimal mark. */
static void set_decimal_point(char *text)
{
    char *comma = strchr(text, ',');

    if (comma && !strchr(comma + 1, ',') && !strchr(text, '.')) *comma = '.';
}

/* Counts, sizes and speeds: nothing that is measured here can be 0. */
static void read_number(struct measured_row *row, const struct column *c,
                        const char *text)
{
    static const struct opt real = {.type = OPT_REAL};
    struct err problem = {0};
    double     value   = NAN;

    if (opt_parse_value(&real, text, &value, &problem) == 0 && value <= 0)
        err_set(&problem, ERR_INPUT, "`%.*s` is not above 0",
                opt_cut(text), text);
    if (problem.kind != ERR_NONE) {
        if (c->kind == NUMBER)
            err_set(&row->fault, ERR_INPUT, "line %d, column %s: %s",
                    row->line, c->name, problem.text);
    } else if (isnan(*number_of(row, c))) {
        *number_of(row, c) = value;
    }
}

static void fill_row(struct loader *l, struct measured_row *row)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (known[i].kind != TEXT) *number_of(row, &known[i]) = NAN;
    for (size_t i = 0; i < KNOWN; i++) {
        char none[] = "", *value = l->values[i] ? l->values[i] : none;

        if (known[i].kind == TEXT) {
            *text_of(row, &known[i]) = mem_copy(
                !*value && i == DEVICE && l->device ? l->device : value);
        } else if (*value) {
            if (l->separator == ';') set_decimal_point(value);
            read_number(row, &known[i], value);
        }
    }
    for (size_t i = DEVICE; i <= MODEL; i++)
        if (!**text_of(row, &known[i]))
            err_set(&row->fault, ERR_INPUT, "line %d: it names no %s",
                    row->line, known[i].name);
}

static void end_data_row(struct loader *l, const char *fault)
{
    struct measured_row *row;

    if (l->out->n >= ROWS) {
        l->failed = true;
        err_set(l->err, ERR_INPUT, "line %d: more than %u rows; split the "
                "file", l->row_line, ROWS);
        return;
    }
    if (l->out->n == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 64;
        l->out->rows = mem_grow(l->out->rows, l->capacity,
                                sizeof *l->out->rows);
    }
    row = &l->out->rows[l->out->n++];
    *row = (struct measured_row){.line = l->row_line};
    if (fault)
        err_set(&row->fault, ERR_INPUT, "line %d: %s", l->row_line, fault);
    else if (l->row_bytes > ROW_BYTES)
        err_set(&row->fault, ERR_INPUT, "line %d: the row is longer than %u "
                "KiB; is a quote left open?", l->row_line, ROW_BYTES >> 10);
    else if (l->has_surplus)
        err_set(&row->fault, ERR_INPUT, "line %d: more values than the "
                "header's %zu columns; quote a text that holds a %s",
                l->row_line, l->n_fields,
                l->separator == ',' ? "comma"
                : l->separator == ';' ? "semicolon" : "tab");
    fill_row(l, row);
}

static void end_row(struct loader *l, const char *fault)
{
    if (!l->failed) {
        if (l->has_header) end_data_row(l, fault);
        else l->failed = read_header(l) != 0;
    }
    for (size_t i = 0; i < KNOWN; i++) {
        free(l->values[i]);
        l->values[i] = NULL;
    }
    l->field = l->row_bytes = 0;
    l->has_surplus = false;
    l->row_line = 0;
}

/* ---- libcsv ------------------------------------------------------------- */

static void on_field(void *bytes, size_t len, void *ctx)
{
    struct loader *l = ctx;
    char          *value;

    l->field++;
    l->row_bytes += len + 1;
    if (l->failed || l->row_bytes > ROW_BYTES) return;
    value = trimmed(bytes, len);
    if (!l->has_header) {
        text_list_add(&l->header, value);
        if (l->header.n > HEADER_MOST) {
            l->failed = true;
            err_set(l->err, ERR_INPUT, "line %d: more than %u columns",
                    l->row_line, HEADER_MOST);
        }
    } else {
        if (l->field > l->n_fields && *value) l->has_surplus = true;
        for (size_t i = 0; i < KNOWN; i++)
            if (l->place[i] == l->field) l->values[i] = mem_copy(value);
    }
    free(value);
}

static void on_row(int terminator, void *ctx)
{
    (void)terminator;
    end_row(ctx, NULL);
}

/* Bytes up to and with the end of the line: LF, CR LF or CR alone. */
static size_t line_bytes(const char *at, size_t left)
{
    for (size_t i = 0; i < left; i++)
        if (at[i] == '\n' ||
            (at[i] == '\r' && (i + 1 == left || at[i + 1] != '\n')))
            return i + 1;
    return left;
}

/* Line by line, so that each row knows where it starts: libcsv does not
 * count lines. */
static int feed(struct loader *l, struct csv_parser *parser,
                const char *bytes, size_t size)
{
    for (size_t at = 0, n; at < size && !l->failed; at += n) {
        n = line_bytes(bytes + at, size - at);
        l->line++;
        if (!l->row_line) {          /* a row of spaces alone is no row */
            size_t blank = 0;

            while (blank < n && strchr(" \t\r\n", bytes[at + blank]) &&
                   bytes[at + blank])
                blank++;
            if (blank == n) continue;
            l->row_line = l->line;
        }
        if (csv_parse(parser, bytes + at, n, on_field, on_row, l) != n)
            return err_set(l->err, ERR_FAILED, "line %d: %s", l->line,
                           csv_strerror(csv_error(parser)));
    }
    if (l->failed) return -1;
    /* Lenient on the way, as spreadsheets write; strict at the end only. */
    csv_set_opts(parser, CSV_STRICT | CSV_STRICT_FINI);
    if (csv_fini(parser, on_field, on_row, l) != 0)
        end_row(l, "a quote is opened here and never closed");
    return l->failed ? -1 : 0;
}

/* As spreadsheets write it, by their country: whatever parts the header, the
 * first line that is not blank, most often. */
static char separator_of(const char *bytes, size_t size)
{
    size_t commas = 0, semicolons = 0, tabs = 0, at = 0;

    while (at < size && bytes[at] && strchr(" \t\r\n", bytes[at])) at++;
    for (; at < size && bytes[at] != '\n' && bytes[at] != '\r'; at++) {
        commas += bytes[at] == ',';
        semicolons += bytes[at] == ';';
        tabs += bytes[at] == '\t';
    }
    if (commas >= semicolons && commas >= tabs) return ',';
    return semicolons >= tabs ? ';' : '\t';
}

static int load_bytes(struct loader *l, const char *bytes, size_t size)
{
    struct csv_parser parser;
    int               rc;

    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
                      memcmp(bytes, "\xfe\xff", 2) == 0))
        return err_set(l->err, ERR_INPUT, "it is UTF-16 text; save it as "
                       "UTF-8");
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    if (csv_init(&parser, 0) != 0)
        return err_set(l->err, ERR_FAILED, "libcsv cannot be started");
    l->separator = separator_of(bytes, size);
    csv_set_delim(&parser, (unsigned char)l->separator);
    rc = feed(l, &parser, bytes, size);
    csv_free(&parser);
    if (rc == 0 && !l->has_header)
        rc = err_set(l->err, ERR_INPUT, "it is empty; the first line has to "
                     "name the columns");
    return rc;
}

int measured_parse(const char *bytes, size_t size, const char *device,
                   struct measured_table *out, struct err *err)
{
    struct loader l = {.out = out, .device = device, .err = err};
    int           rc;

    *out = (struct measured_table){0};
    rc = load_bytes(&l, bytes, size);
    for (size_t i = 0; i < KNOWN; i++) free(l.values[i]);
    text_list_done(&l.header);
    if (rc) measured_done(out);
    return rc;
}

int measured_load_of(const char *path, const char *device,
                     struct measured_table *out, struct err *err)
{
    struct bytes file = {0};
    int          rc   = bytes_read(&file, path, FILE_BYTES, err);

    *out = (struct measured_table){0};
    if (rc == 0)
        rc = measured_parse(file.data ? (const char *)file.data : "",
                            file.size, device, out, err);
    bytes_done(&file);
    return rc ? err_ctx(err, "%s", path) : 0;
}

int measured_load(const char *path, struct measured_table *out,
                  struct err *err)
{
    return measured_load_of(path, NULL, out, err);
}

void measured_done(struct measured_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < KNOWN; k++)
            if (known[k].kind == TEXT) free(*text_of(&t->rows[i], &known[k]));
    free(t->rows);
    *t = (struct measured_table){0};
}

/* SPDX-License-Identifier: MIT */
/* holders.c - see holders.h. Every process is read once, joined with those
 * that go when it goes, and the largest are told. */
#include "holders.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "holders_process.h"
#include "probe/nvml.h"
#include "probe/tree.h"

#define PROCESSES_MAX 32768
#define DEPTH_MAX     256       /* of a process's ancestors */
#define NVML_MAX      128
#define CLIENTS_BYTES 65536
#define PASSWD_BYTES  (1u << 20)
#define CLIENTS       "/sys/kernel/debug/nvmap/iovmm/clients"

struct table {
    struct process *items;         /* by pid */
    size_t          n;
    long            self, uid;     /* -1: nobody of them is us */
    const char     *root;
};

static bool is_live(const struct table *t) { return *t->root == '\0'; }

/* ---- the processes ----------------------------------------------------- */

static int by_pid(const void *left, const void *right)
{
    const struct process *a = left, *b = right;

    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static struct process *find(const struct table *t, long pid)
{
    struct process key = {.pid = pid};

    return t->n ? bsearch(&key, t->items, t->n, sizeof key, by_pid) : NULL;
}

/* The pid that /proc/self leads to, in a copied tree that of whoever made the
 * copy. */
static long read_self(const char *root)
{
    char   *path = mem_printf("%s/proc/self", root), target[24], *end;
    ssize_t n = readlink(path, target, sizeof target - 1);
    long    pid = -1;

    free(path);
    if (n > 0) {
        target[n] = '\0';
        pid = strtol(target, &end, 10);
        if (*end || pid <= 0) pid = -1;
    }
    return pid < 0 && *root == '\0' ? (long)getpid() : pid;
}

static void read_processes(struct table *t)
{
    char          *path = mem_printf("%s/proc", t->root);
    DIR           *proc = opendir(path);
    struct dirent *entry;
    struct process one;
    size_t         room = 0;

    free(path);
    while (proc && t->n < PROCESSES_MAX && (entry = readdir(proc))) {
        char *end;
        long  pid = strtol(entry->d_name, &end, 10);

        if (pid <= 0 || *end || *entry->d_name == '+' ||
            !process_read(t->root, pid, &one))
            continue;
        if (t->n == room) {
            room = room ? 2 * room : 256;
            t->items = mem_grow(t->items, room, sizeof *t->items);
        }
        t->items[t->n++] = one;
    }
    if (proc) closedir(proc);
    if (t->n) qsort(t->items, t->n, sizeof *t->items, by_pid);
}

/* Is pid `above` itself or one that it comes from? */
static bool descends(const struct table *t, long pid, long above)
{
    for (int steps = 0; pid > 0 && steps < DEPTH_MAX; steps++) {
        const struct process *p;

        if (pid == above) return true;
        p = find(t, pid);
        if (!p) return false;
        pid = p->parent;
    }
    return false;
}

static bool may_be_told(const struct table *t, const struct process *p)
{
    if (p->pid == 1 || p->is_kernel || process_is_system(p->name))
        return false;
    return t->self < 0 || (!descends(t, t->self, p->pid) &&
                           !descends(t, p->pid, t->self));
}

/* ---- the GPU's memory -------------------------------------------------- */

static void add_gpu_bytes(struct process *p, double bytes)
{
    p->holds_gpu = true;
    if (bytes >= 0)
        p->gpu_bytes = isnan(p->gpu_bytes) ? bytes : p->gpu_bytes + bytes;
}

/* Cuts the last word off, unless it is the only one; or NULL. */
static char *take_last(char *text)
{
    size_t len = strlen(text);
    char  *blank;

    while (len && strchr(" \t\r", text[len - 1])) text[--len] = '\0';
    blank = strrchr(text, ' ');
    if (!blank) return NULL;
    *blank = '\0';
    return blank + 1;
}

static bool is_size(const char *word)
{
    size_t n = strspn(word, "0123456789");

    return n > 0 && word[n] && strchr("KMG", word[n]) && !word[n + 1];
}

/* The end of "user  NAME  PID  12345K": a name may hold blanks, and some
 * kernels have a column of shares in front of the size. */
static bool parse_client(const char *line, size_t len, long *pid,
                         double *bytes)
{
    char  text[256], *size, *number, *end;

    if (len >= sizeof text) return false;
    memcpy(text, line, len);
    text[len] = '\0';
    size = take_last(text);
    do number = take_last(text);
    while (number && is_size(number));
    if (!size || !number) return false;
    *pid = strtol(number, &end, 10);
    if (*end || *pid <= 0) return false;
    *bytes = (double)strtoull(size, &end, 10);
    if (end == size || *size == '-' || *bytes > 0x1p40) return false;
    *bytes *= *end == 'K' ? 1024 : *end == 'M' ? 1048576
            : *end == 'G' ? 1073741824 : 1;
    return true;
}

static void read_nvmap(struct table *t, struct text_list *notes)
{
    char  *text = mem_new(CLIENTS_BYTES, 1);
    double bytes;
    long   pid;

    if (tree_read(t->root, CLIENTS, text, CLIENTS_BYTES) < 0) {
        if (tree_exists(t->root, "/etc/nv_tegra_release") ||
            tree_exists(t->root, "/dev/nvmap"))
            text_list_add(notes, "which process holds how much of the GPU's "
                          "memory (" CLIENTS "): run with sudo");
    }
    for (const char *line = text; *line;) {
        size_t          len = strcspn(line, "\n");
        struct process *p = NULL;

        if (parse_client(line, len, &pid, &bytes)) p = find(t, pid);
        if (p) add_gpu_bytes(p, bytes);
        line += len + (line[len] == '\n');
    }
    free(text);
}

/* In a container the driver names processes by the numbers of the host: one
 * that has no GPU open is another process of the same number. */
static size_t read_nvml(struct table *t, struct holder *strangers, size_t max)
{
    struct nvml_process all[NVML_MAX];
    size_t n = is_live(t) ? nvml_processes(all, NVML_MAX) : 0, found = 0;

    for (size_t i = 0; i < n && i < NVML_MAX; i++) {
        struct process *p = find(t, all[i].pid);

        if (p && (p->holds_gpu || p->hides_files)) {
            add_gpu_bytes(p, all[i].bytes);
        } else if (found < max) {
            strangers[found++] = (struct holder){
                .pid = all[i].pid, .memory_bytes = NAN,
                .gpu_bytes = all[i].bytes, .holds_gpu = true};
        }
    }
    return found;
}

/* ---- which go together ------------------------------------------------- */

/* Without a unit: a process and the parent that it has its name from, as a
 * server and its workers. An application: whatever is in its scope. */
static long head_of(const struct table *t, const struct process *p)
{
    for (int steps = 0; steps < DEPTH_MAX; steps++) {
        const struct process *parent = find(t, p->parent);

        if (!parent || !parent->is_told ||
            owner_compare(&parent->owner, &p->owner) != 0 ||
            (p->owner.kind == OWNER_NONE &&
             strcmp(parent->name, p->name) != 0))
            break;
        p = parent;
    }
    return p->pid;
}

/* Whose unit or container we are in ourselves is not ended to make room for
 * us. */
static void settle_owners(struct table *t)
{
    const struct process *self = t->self > 0 ? find(t, t->self) : NULL;
    struct owner          ours = self ? self->owner
                                      : (struct owner){.uid = -1};

    for (size_t i = 0; i < t->n; i++) {
        struct process *p = &t->items[i];

        if (p->owner.kind != OWNER_CONTAINER && owner_is_desktop(p->name))
            p->owner = (struct owner){.kind = OWNER_DESKTOP, .uid = -1};
        else if (owner_compare(&p->owner, &ours) == 0)
            p->owner = (struct owner){.uid = -1};
    }
    for (size_t i = 0; i < t->n; i++) {
        struct process *p = &t->items[i];

        if (p->owner.kind == OWNER_NONE || p->owner.kind == OWNER_APP)
            p->head = head_of(t, p);
    }
}

/* Processes that go together; they lie side by side. */
struct group {
    struct process *const *members;
    size_t                 n;
    double                 memory_bytes, gpu_bytes;   /* NAN: of nobody */
    bool                   holds_gpu;
};

static int by_group(const void *left, const void *right)
{
    const struct process *a = *(struct process *const *)left;
    const struct process *b = *(struct process *const *)right;
    int                   owners = owner_compare(&a->owner, &b->owner);

    if (owners) return owners;
    if (a->owner.kind == OWNER_NONE && a->head != b->head)
        return a->head < b->head ? -1 : 1;
    return by_pid(a, b);
}

static bool go_together(const struct process *a, const struct process *b)
{
    return owner_compare(&a->owner, &b->owner) == 0 &&
           (a->owner.kind != OWNER_NONE || a->head == b->head);
}

static double known(double bytes) { return isnan(bytes) ? 0 : bytes; }

static double sum(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static double all_bytes(const struct group *g)
{
    return known(g->memory_bytes) + known(g->gpu_bytes);
}

/* members: those to be told, sorted by group. groups: room for n. */
static size_t make_groups(struct process *const *members, size_t n,
                          struct group *groups)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        struct group *g;

        if (found == 0 || !go_together(members[i - 1], members[i]))
            groups[found++] = (struct group){.members = &members[i],
                .memory_bytes = NAN, .gpu_bytes = NAN};
        g = &groups[found - 1];
        g->n++;
        g->memory_bytes = sum(g->memory_bytes, members[i]->memory_bytes);
        g->gpu_bytes = sum(g->gpu_bytes, members[i]->gpu_bytes);
        g->holds_gpu = g->holds_gpu || members[i]->holds_gpu;
    }
    return found;
}

static int by_size(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    double              x = all_bytes(a), y = all_bytes(b);

    if (x != y) return x > y ? -1 : 1;
    if (a->holds_gpu != b->holds_gpu) return a->holds_gpu ? -1 : 1;
    return by_pid(a->members[0], b->members[0]);
}

/* ---- a group as a holder ----------------------------------------------- */

/* "name:x:uid:..." of the tree's own list of users: a directory server may
 * take long to answer, and knows nothing of a copied tree. */
static void find_user(const char *root, long uid, char *out, size_t size)
{
    struct bytes file = {0};
    char        *path = mem_printf("%s/etc/passwd", root);

    out[0] = '\0';
    if (uid >= 0) snprintf(out, size, "%ld", uid);
    if (uid >= 0 && bytes_read(&file, path, PASSWD_BYTES, NULL) == 0 &&
        file.data) {
        const char *line = (const char *)file.data;

        while (*line) {
            size_t      len = strcspn(line, "\n"), name = strcspn(line, ":\n");
            const char *at = memchr(line, ':', len);
            char       *end;

            at = at ? memchr(at + 1, ':', len - (size_t)(at + 1 - line))
                    : NULL;
            if (at && at[1] >= '0' && at[1] <= '9' &&
                strtol(at + 1, &end, 10) == uid && *end == ':') {
                process_show(line, name, out, size);
                break;
            }
            line += len + (line[len] == '\n');
        }
    }
    bytes_done(&file);
    free(path);
}

static bool is_plain_name(const char *user)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

    return *user && *user != '-' && user[strspn(user, allowed)] == '\0';
}

static const struct process *largest(const struct group *g)
{
    const struct process *most = g->members[0];

    for (size_t i = 1; i < g->n; i++) {
        const struct process *p = g->members[i];

        if (known(p->memory_bytes) + known(p->gpu_bytes) >
            known(most->memory_bytes) + known(most->gpu_bytes))
            most = p;
    }
    return most;
}

static struct holder make_holder(const struct table *t, const struct group *g)
{
    const struct process *most = largest(g), *head = find(t, most->head);
    struct holder         h = {.pid = most->pid,
                               .memory_bytes = g->memory_bytes,
                               .gpu_bytes = g->gpu_bytes,
                               .holds_gpu = g->holds_gpu};
    struct owner_case     c = {.our_uid = t->uid, .pid = most->head,
                               .uid = head ? head->uid : -1};
    char                  manager[sizeof h.user];

    memcpy(h.name, most->name, sizeof h.name);
    process_command(t->root, most->pid, h.command, sizeof h.command);
    find_user(t->root, most->uid, h.user, sizeof h.user);
    find_user(t->root, most->owner.uid, manager, sizeof manager);
    c.user = is_plain_name(manager) ? manager : NULL;
    owner_free_command(&most->owner, &c, h.free_command,
                       sizeof h.free_command);
    return h;
}

/* ---- the whole --------------------------------------------------------- */

static size_t choose(const struct table *t, double least_bytes,
                     struct holder *out, size_t max)
{
    struct process **told = mem_new(t->n + 1, sizeof *told);
    struct group    *groups;
    size_t           n = 0, n_groups, found = 0;

    for (size_t i = 0; i < t->n; i++)
        if (t->items[i].is_told) told[n++] = &t->items[i];
    if (n) qsort(told, n, sizeof *told, by_group);
    groups = mem_new(n + 1, sizeof *groups);
    n_groups = make_groups(told, n, groups);
    if (n_groups) qsort(groups, n_groups, sizeof *groups, by_size);
    for (size_t i = 0; i < n_groups && found < max; i++)
        if (groups[i].holds_gpu || all_bytes(&groups[i]) >= least_bytes)
            out[found++] = make_holder(t, &groups[i]);
    free(groups);
    free(told);
    return found;
}

static int by_holding(const void *left, const void *right)
{
    const struct holder *a = left, *b = right;
    double x = known(a->memory_bytes) + known(a->gpu_bytes);
    double y = known(b->memory_bytes) + known(b->gpu_bytes);

    if (x != y) return x > y ? -1 : 1;
    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void note_hidden(const struct table *t, struct text_list *notes)
{
    size_t hidden = 0;
    char   text[160];

    for (size_t i = 0; i < t->n; i++)
        hidden += t->items[i].is_told && t->items[i].hides_files;
    snprintf(text, sizeof text, "whether %zu process%s of other users hold%s "
             "the GPU: run with sudo", hidden, hidden == 1 ? "" : "es",
             hidden == 1 ? "s" : "");
    if (hidden) text_list_add(notes, text);
}

size_t holders_find(const char *root, double least_bytes, struct holder *out,
                    size_t max, struct text_list *notes)
{
    struct table   t = {.root = root, .self = read_self(root), .uid = -1};
    struct holder  strangers[HOLDERS_MAX], *all;
    size_t         n, n_strangers;
    const struct process *self;

    read_processes(&t);
    self = t.self > 0 ? find(&t, t.self) : NULL;
    if (self) t.uid = self->uid;
    for (size_t i = 0; i < t.n; i++)
        t.items[i].is_told = may_be_told(&t, &t.items[i]);
    settle_owners(&t);
    read_nvmap(&t, notes);
    n_strangers = read_nvml(&t, strangers, HOLDERS_MAX);
    all = mem_new(max + n_strangers + 1, sizeof *all);
    n = choose(&t, least_bytes, all, max);
    if (n_strangers) {
        memcpy(all + n, strangers, n_strangers * sizeof *all);
        n += n_strangers;
        qsort(all, n, sizeof *all, by_holding);
        text_list_add(notes, "what the GPU driver names and this machine "
                      "does not show: processes outside this container");
    }
    note_hidden(&t, notes);
    if (n > max) n = max;
    if (n) memcpy(out, all, n * sizeof *out);
    free(all);
    free(t.items);
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retrieval among many made-up datasets: CPU time of a search and of its parts, memory, and the
 * same work by peers in the same run (bench/peers/retrieval_peer.py: numpy's scan, a plain Python
 * BM25), as ratios.
 *
 *     build/bench/retrieval_bench [DATASETS]       100,000 by default
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "core/datafile.h"
#include "core/str.h"
#include "retrieval/retrieval.h"
#include "retrieval/retrieval_priv.h"
#include "retrieval/vector.h"

#define DATASETS_DEFAULT 100000
#define WORDS 6000
#define COLUMNS 8
#define VALUES 12
#define QUESTIONS 100
#define ROUNDS 7

static unsigned long long random_state = 88172645463325252ull;

static size_t random_below(size_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % bound);
}

/* Some words are common and most are rare, as in real names. */
static const char *word(char words[WORDS][16])
{
    size_t i = random_below(WORDS);
    return words[i * random_below(WORDS) / WORDS];
}

static void make_words(char words[WORDS][16])
{
    static const char *const syllables[] = {"ba",  "ter", "lo", "min", "sa",  "ren", "ki",  "dor",
                                            "pel", "nu",  "ga", "vis", "tra", "mo",  "fel", "zin"};
    static const char *const real[] = {
        "order", "customer", "region", "revenue", "price",    "date",   "name",   "country",
        "city",  "product",  "amount", "status",  "employee", "salary", "flight", "station"};
    for (size_t i = 0; i < WORDS; i++) {
        if (i < sizeof(real) / sizeof(real[0]))
            snprintf(words[i], sizeof(words[i]), "%s", real[i]);
        else
            snprintf(words[i], sizeof(words[i]), "%s%s%s%s", syllables[i % 16],
                     syllables[i / 16 % 16], syllables[i / 256 % 16], i > 4096 ? "ix" : "");
    }
}

static void make_dataset(struct dataset *dataset, size_t number, char words[WORDS][16],
                         struct arena *arena)
{
    struct column *columns = arena_array(arena, COLUMNS, sizeof(*columns));
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i].name = arena_printf(arena, "%s_%s", word(words), word(words));
        columns[i].kind = i < 2 ? VALUE_TEXT : VALUE_DECIMAL;
        if (i >= 2)
            continue;
        struct stored_value *values = arena_array(arena, VALUES, sizeof(*values));
        for (size_t k = 0; k < VALUES; k++)
            values[k].text =
                k % 3 == 0 ? arena_printf(arena, "%s %s", word(words), word(words)) : word(words);
        columns[i].profile.values = values;
        columns[i].profile.value_count = VALUES;
    }
    *dataset = (struct dataset){
        .id = arena_printf(arena, "d%zu", number),
        .table_name = arena_printf(arena, "%s_%s", word(words), word(words)),
        .title = arena_printf(arena, "%s %s of %s", word(words), word(words), word(words)),
        .columns = columns,
        .column_count = COLUMNS,
    };
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

struct bench {
    struct retrieval_index *index;
    const char **questions;
    struct term_reader *reader;
    float *scores;
    float *query;
    const struct vector_kernel *kernel;
};

static void search_once(struct bench *bench, size_t i)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    struct retrieval_result result;
    struct retrieval_request request = {.question = str_from(bench->questions[i % QUESTIONS])};
    if (!retrieval_search(bench->index, &request, arena, &result, &err))
        fprintf(stderr, "%s\n", err.message);
    arena_free(arena);
}

static void keywords_once(struct bench *bench, size_t i)
{
    struct arena *arena = arena_new();
    memset(bench->scores, 0, bench->index->count * sizeof(*bench->scores));
    struct question question =
        question_read(arena, bench->reader, str_from(bench->questions[i % QUESTIONS]),
                      TERM_SPLIT_IDENTIFIERS, bench->index->seed);
    keyword_score(bench->index->keywords, &question, bench->scores);
    arena_free(arena);
}

static void embed_once(struct bench *bench, size_t i)
{
    struct str text = str_from(bench->questions[i % QUESTIONS]);
    (void)embedder_embed(bench->index->embedder, &text, 1, bench->query, NULL);
}

static void scan_once(struct bench *bench, size_t i)
{
    vector_set_scan_by(bench->index->vectors, bench->kernel, bench->query, bench->scores);
}

/* Prints the median of ROUNDS rounds with their spread; returns the median. */
static double measure(const char *name, struct bench *bench, void (*fn)(struct bench *, size_t),
                      size_t times)
{
    double rounds[ROUNDS];
    for (size_t round = 0; round < ROUNDS; round++) {
        double start = cpu_us();
        for (size_t i = 0; i < times; i++)
            fn(bench, round * times + i);
        rounds[round] = (cpu_us() - start) / (double)times;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare_doubles);
    printf("  %-34s %10.1f us   (%.1f to %.1f)\n", name, rounds[ROUNDS / 2], rounds[0],
           rounds[ROUNDS - 1]);
    return rounds[ROUNDS / 2];
}

/* One line a dataset, an empty line, one line a question. */
static bool write_texts(FILE *file, const struct dataset *datasets, size_t count,
                        const char **questions)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(file, "%s %s", datasets[i].title, datasets[i].table_name);
        for (size_t k = 0; k < COLUMNS; k++)
            fprintf(file, " %s", datasets[i].columns[k].name);
        fputc('\n', file);
    }
    fputc('\n', file);
    for (size_t i = 0; i < QUESTIONS; i++)
        fprintf(file, "%s\n", questions[i]);
    return fclose(file) == 0;
}

struct ours {
    double keywords_us, scan_us;
};

static void print_ratios(FILE *peer, const struct ours *ours)
{
    char name[64];
    double median, low, high;
    while (fscanf(peer, "%63s %lf %lf %lf", name, &median, &low, &high) == 4) {
        double mine = strncmp(name, "bm25", 4) == 0 ? ours->keywords_us : ours->scan_us;
        printf("  %-34s %10.1f us   (%.1f to %.1f)   %.1f times ours\n", name, median, low, high,
               median / mine);
    }
}

/* Starts a program with its output in *out; false when there is none of that name. */
static bool start_peer(char *const arguments[], pid_t *child, FILE **out)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    bool ok = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (ok)
        *out = fdopen(ends[0], "r");
    else
        close(ends[0]);
    return ok && *out;
}

static bool run_peer(char *script, char *texts, const struct ours *ours)
{
    char venv[] = ".venv/bin/python3", plain[] = "python3", dimensions[] = "256";
    char *chosen = getenv("QUERENT_BENCH_PYTHON");
    char *python = chosen ? chosen : access(venv, X_OK) == 0 ? venv : plain;
    char *const arguments[] = {python, script, texts, dimensions, NULL};
    pid_t child;
    FILE *out = NULL;
    int status = 1;
    fflush(stdout);
    if (!start_peer(arguments, &child, &out))
        return false;
    print_ratios(out, ours);
    fclose(out);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void run_peers(const struct dataset *datasets, size_t count, const char **questions,
                      const struct ours *ours)
{
    char path[] = P_tmpdir "/querent-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *texts = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *script =
        datafile_find(arena, DATAFILE_DATA, "../bench/peers/retrieval_peer.py", NULL, &err);
    bool ok = script && texts && write_texts(texts, datasets, count, questions) &&
              run_peer(arena_strdup(arena, script), path, ours);
    if (!ok)
        printf("  (the peers did not run: they need Python 3 and numpy)\n");
    unlink(path);
    arena_free(arena);
}

static struct retrieval_index *build(const struct dataset *datasets, size_t count,
                                     struct embedder *embedder)
{
    struct error err = {0};
    double start = cpu_us();
    struct retrieval_index *index = retrieval_index_new(datasets, count, embedder, NULL, &err);
    if (!index) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    printf("%zu datasets, %d columns, %d values each in two of them\n", count, COLUMNS, VALUES);
    printf("  index: built in %.2f s, %.0f MB (%.0f words, %.0f values, %.0f vectors)\n",
           (cpu_us() - start) / 1e6, (double)retrieval_index_size(index) / 1e6,
           (double)keyword_index_size(index->keywords) / 1e6,
           (double)value_index_size(index->values) / 1e6,
           (double)vector_set_size(index->vectors) / 1e6);
    return index;
}

static void measure_all(const struct dataset *datasets, size_t count, const char **questions,
                        struct embedder *embedder)
{
    struct bench bench = {.index = build(datasets, count, embedder),
                          .questions = questions,
                          .reader = term_reader_new(),
                          .scores = xcalloc(count + 1, sizeof(float)),
                          .query = xcalloc(embedder_dimensions(embedder), sizeof(float))};
    struct ours ours = {0};
    measure("a search", &bench, search_once, QUESTIONS);
    measure("  the question's vector", &bench, embed_once, 20 * QUESTIONS);
    ours.keywords_us = measure("  BM25", &bench, keywords_once, QUESTIONS);
    double best = 0;
    for (size_t i = 0; vector_kernels[i]; i++) {
        if (!vector_kernels[i]->is_supported())
            continue;
        struct arena *arena = arena_new();
        bench.kernel = vector_kernels[i];
        double us = measure(arena_printf(arena, "  scan, %s", vector_kernels[i]->name), &bench,
                            scan_once, 10);
        best = best > 0 ? best : us;
        if (us != best)
            printf("    %.1f times the time of the kernel that is used\n", us / best);
        arena_free(arena);
    }
    ours.scan_us = best;
    run_peers(datasets, count, questions, &ours);
    free(bench.query);
    free(bench.scores);
    term_reader_free(bench.reader);
    retrieval_index_free(bench.index);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : DATASETS_DEFAULT;
    static char words[WORDS][16];
    struct error err = {0};
    struct embedder *embedder = embedder_open("builtin", &err);
    if (!embedder || count == 0) {
        fprintf(stderr, "%s\n", embedder ? "usage: retrieval_bench [DATASETS]" : err.message);
        return 1;
    }
    struct arena *arena = arena_new();
    make_words(words);
    struct dataset *datasets = xcalloc(count, sizeof(*datasets));
    for (size_t i = 0; i < count; i++)
        make_dataset(&datasets[i], i, words, arena);
    const char *questions[QUESTIONS];
    for (size_t i = 0; i < QUESTIONS; i++)
        questions[i] =
            arena_printf(arena, "What is the total %s of each %s with %s %s in %s?", word(words),
                         word(words), word(words), word(words), word(words));
    measure_all(datasets, count, questions, embedder);
    free(datasets);
    arena_free(arena);
    embedder_close(embedder);
    return 0;
}

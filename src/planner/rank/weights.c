/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/hash.h"

#define HEADER_SIZE 32
#define SECTIONS_MAX 32
#define PER_START 4 /* hashes that begin alike, about: half a cache line */
#define STARTS_BITS_MAX 16
#define LANES 8
#define ROWS_AHEAD 64
#define CACHE_LINE 64

struct header {
    char magic[4];
    uint32_t format;
    uint64_t size;
    uint64_t hash;
    uint32_t section_count;
    uint32_t zero;
};

struct section {
    char name[16];
    uint64_t offset, size;
};

static bool section_at(const struct weights *weights, uint32_t i, const char *name,
                       struct section *out)
{
    const char *bytes = weights->memory;
    memcpy(out, bytes + HEADER_SIZE + i * sizeof(*out), sizeof(*out));
    return strncmp(out->name, name, sizeof(out->name)) == 0;
}

static bool has_section(const struct weights *weights, const char *name)
{
    struct header header;
    struct section section;
    bool found = false;
    memcpy(&header, weights->memory, sizeof(header));
    for (uint32_t i = 0; i < header.section_count && !found; i++)
        found = section_at(weights, i, name, &section);
    return found;
}

static bool find_section(const struct weights *weights, const char *name, struct str *out,
                         struct error *err)
{
    const char *bytes = weights->memory;
    struct header header;
    memcpy(&header, bytes, sizeof(header));
    for (uint32_t i = 0; i < header.section_count; i++) {
        struct section section;
        if (!section_at(weights, i, name, &section))
            continue;
        if (section.offset % 8 != 0 || section.offset > weights->size ||
            section.size > weights->size - section.offset)
            return error_set(err, ERROR_INVALID, "section '%s' lies outside the file", name);
        *out = (struct str){bytes + section.offset, section.size};
        return true;
    }
    return error_set(err, ERROR_INVALID, "section '%s' is missing", name);
}

static bool check_model(const struct linear_model *model, const char *name, struct error *err)
{
    for (size_t i = 1; i < model->feature_count; i++)
        if (model->hashes[i - 1] >= model->hashes[i])
            return error_set(err, ERROR_INVALID, "model '%s' is not sorted", name);
    for (size_t k = 0; k < model->class_count; k++)
        if (!isfinite(model->bias[k]) || !isfinite(model->scale[k]))
            return error_set(err, ERROR_INVALID, "model '%s' holds no finite number", name);
    return true;
}

static bool read_model(const struct weights *weights, const char *name, struct linear_model *out,
                       struct error *err)
{
    struct str section;
    if (!find_section(weights, name, &section, err))
        return false;
    uint32_t counts[2];
    if (section.length < sizeof(counts))
        return error_set(err, ERROR_INVALID, "model '%s' is cut off", name);
    memcpy(counts, section.bytes, sizeof(counts));
    size_t n = counts[0], k = counts[1];
    if (n > WEIGHTS_FEATURES_MAX || k == 0 || k > WEIGHTS_CLASSES_MAX ||
        section.length != sizeof(counts) + n * 8 + k * 8 + n * k)
        return error_set(err, ERROR_INVALID, "model '%s' has a wrong size", name);
    const char *at = section.bytes + sizeof(counts);
    /* Sections are aligned to 8 and the counts take 8 bytes, so these casts are sound. */
    out->feature_count = n;
    out->class_count = k;
    out->hashes = (const uint64_t *)(const void *)at;
    out->bias = (const float *)(const void *)(at + n * 8);
    out->scale = out->bias + k;
    out->weights = (const int8_t *)(const void *)(at + n * 8 + k * 8);
    return check_model(out, name, err);
}

static bool check_header(struct weights *weights, struct error *err)
{
    struct header header;
    if (weights->size < HEADER_SIZE || weights->size > WEIGHTS_SIZE_MAX)
        return error_set(err, ERROR_INVALID, "the file has a wrong size");
    memcpy(&header, weights->memory, sizeof(header));
    if (memcmp(header.magic, "QPLN", 4) != 0)
        return error_set(err, ERROR_INVALID, "the file is no planner weights");
    if (header.format != WEIGHTS_FORMAT)
        return error_set(err, ERROR_INVALID, "the file has format %u, not %d", header.format,
                         WEIGHTS_FORMAT);
    if (header.size != weights->size || header.section_count > SECTIONS_MAX ||
        HEADER_SIZE + header.section_count * sizeof(struct section) > weights->size)
        return error_set(err, ERROR_INVALID, "the file is cut off or too long");
    const char *body = (const char *)weights->memory + HEADER_SIZE;
    if (hash64(body, weights->size - HEADER_SIZE, 0) != header.hash)
        return error_set(err, ERROR_INVALID, "the file is damaged: its checksum is wrong");
    snprintf(weights->version, sizeof(weights->version), "%u-%016llx", header.format,
             (unsigned long long)header.hash);
    return true;
}

/* Files that train.py leaves on the way have none. */
static bool read_trust(struct weights *weights, struct error *err)
{
    static const char *const names[TRUST_SITUATIONS] = {"trust.learned", "trust.rules",
                                                        "trust.later"};
    for (size_t i = 0; i < TRUST_SITUATIONS; i++)
        if (has_section(weights, names[i]) &&
            !find_section(weights, names[i], &weights->trust[i], err))
            return false;
    return true;
}

static bool read_all(struct weights *weights, struct error *err)
{
    return check_header(weights, err) && find_section(weights, "cues", &weights->cues, err) &&
           find_section(weights, "sketches", &weights->sketches, err) &&
           find_section(weights, "parts", &weights->parts, err) &&
           find_section(weights, "ranker", &weights->ranker, err) &&
           find_section(weights, "results", &weights->results, err) &&
           find_section(weights, "sureness", &weights->sureness, err) &&
           read_model(weights, "question", &weights->question, err) &&
           read_model(weights, "roles", &weights->roles, err) &&
           read_model(weights, "conditions", &weights->conditions, err) &&
           read_trust(weights, err);
}

struct weights *weights_from_memory(const void *memory, size_t size, struct error *err)
{
    struct weights *weights = xcalloc(1, sizeof(*weights));
    weights->memory = memory;
    weights->size = size;
    if (!read_all(weights, err)) {
        free(weights);
        return NULL;
    }
    linear_model_index(&weights->question);
    linear_model_index(&weights->roles);
    linear_model_index(&weights->conditions);
    return weights;
}

struct weights *weights_open(const char *path, struct error *err)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        error_set(err, ERROR_CONFIG, "planner weights '%s': %s", path,
                  fd < 0 ? strerror(errno) : "not a file");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    size_t size = (size_t)status.st_size;
    void *memory = size > 0 && size <= WEIGHTS_SIZE_MAX
                       ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0)
                       : MAP_FAILED;
    close(fd);
    if (memory == MAP_FAILED) {
        error_set(err, ERROR_INVALID, "planner weights '%s': the file has a wrong size", path);
        return NULL;
    }
    struct weights *weights = weights_from_memory(memory, size, err);
    if (!weights) {
        error_wrap(err, "planner weights '%s'", path);
        munmap(memory, size);
        return NULL;
    }
    weights->mapped = true;
    return weights;
}

void weights_close(struct weights *weights)
{
    if (!weights)
        return;
    if (weights->mapped) {
        void *memory;
        memcpy(&memory, &weights->memory, sizeof(memory)); /* munmap takes what mmap gave */
        munmap(memory, weights->size);
    }
    free(weights->question.starts);
    free(weights->roles.starts);
    free(weights->conditions.starts);
    free(weights);
}

/* ---- scores */

void linear_model_index(struct linear_model *model)
{
    model->bits = 1;
    while (model->bits < STARTS_BITS_MAX && ((size_t)PER_START << model->bits) < model->feature_count)
        model->bits++;
    size_t count = (size_t)1 << model->bits, place = 0;
    model->starts = xcalloc(count + 1, sizeof(*model->starts));
    for (size_t i = 0; i < count; i++) {
        while (place < model->feature_count && model->hashes[place] >> (64 - model->bits) < i)
            place++;
        model->starts[i] = (uint32_t)place;
    }
    model->starts[count] = (uint32_t)model->feature_count;
}

/* The weights of a feature, or NULL. */
static const int8_t *find_row(const struct linear_model *model, uint64_t hash)
{
    size_t start = (size_t)(hash >> (64 - model->bits));
    size_t place = model->starts[start], end = model->starts[start + 1];
    while (place < end && model->hashes[place] < hash)
        place++;
    if (place == end || model->hashes[place] != hash)
        return NULL;
    return model->weights + place * model->class_count;
}

typedef int8_t bytes_of_weights __attribute__((vector_size(LANES)));
typedef int32_t lane_sums __attribute__((vector_size(LANES * sizeof(int32_t))));

static void add_row(int32_t *sums, const int8_t *row, size_t count)
{
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        bytes_of_weights some;
        lane_sums lanes;
        memcpy(&some, row + k, sizeof(some));
        memcpy(&lanes, sums + k, sizeof(lanes));
        lanes += __builtin_convertvector(some, lane_sums);
        memcpy(sums + k, &lanes, sizeof(lanes));
    }
    for (; k < count; k++)
        sums[k] += row[k];
}

/* The rows lie all over a few megabytes: all are asked for before the first is read. */
void linear_model_score(const struct linear_model *model, const struct feature_set *features,
                        float *out)
{
    int32_t sums[WEIGHTS_CLASSES_MAX] = {0};
    for (size_t i = 0; i < features->count; i += ROWS_AHEAD) {
        const int8_t *rows[ROWS_AHEAD];
        size_t count = 0;
        for (size_t k = i; k < features->count && k < i + ROWS_AHEAD; k++) {
            rows[count] = find_row(model, features->items[k].hash);
            if (!rows[count])
                continue;
            for (size_t at = 0; at < model->class_count; at += CACHE_LINE)
                __builtin_prefetch(rows[count] + at);
            count++;
        }
        for (size_t k = 0; k < count; k++)
            add_row(sums, rows[k], model->class_count);
    }
    for (size_t k = 0; k < model->class_count; k++)
        out[k] = model->bias[k] + model->scale[k] * (float)sums[k];
}

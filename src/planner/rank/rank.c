/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/rank/rank.h"

#include <math.h>
#include <string.h>

#define CLIP 8.0

const char *result_feature_name(size_t feature)
{
    static const char *const names[] = {
#define X(name) #name,
        RESULT_FEATURES(X)
#undef X
    };
    return names[feature];
}

const char *sureness_feature_name(size_t feature)
{
    static const char *const names[] = {
#define X(name) #name,
        SURENESS_FEATURES(X)
#undef X
    };
    return names[feature];
}

const char *trust_feature_name(size_t feature)
{
    static const char *const names[] = {
#define X(name) #name,
        TRUST_FEATURES(X)
#undef X
    };
    return names[feature];
}

static bool read_float(struct str text, float *out)
{
    double value;
    if (!str_to_double(text, &value) || !isfinite((float)value))
        return false;
    *out = (float)value;
    return true;
}

static bool read_line(struct str line, const char *(*name_of)(size_t), struct weighted_sum *out)
{
    struct str fields[4];
    for (size_t n = 0; n < 4; n++)
        if (!str_split(&line, ' ', &fields[n]))
            return false;
    size_t i = 0;
    while (i < out->count && !str_equal_text(fields[0], name_of(i)))
        i++;
    float scale;
    if (i == out->count || !read_float(fields[1], &out->mean[i]) ||
        !read_float(fields[2], &scale) || scale <= 0 || !read_float(fields[3], &out->weight[i]))
        return false;
    out->inverse[i] = 1 / scale;
    return true;
}

static bool read_sum(struct str text, const char *(*name_of)(size_t), size_t count,
                     struct weighted_sum *out, struct error *err)
{
    struct str line;
    *out = (struct weighted_sum){.count = count};
    while (str_split(&text, '\n', &line)) {
        if (line.length > 0 && !read_line(line, name_of, out))
            return error_set(err, ERROR_INVALID, "weight '%.*s' is not known or wrong",
                             (int)(line.length < 60 ? line.length : 60), line.bytes);
        out->learned |= line.length > 0;
    }
    return true;
}

_Static_assert(RANKING_FEATURE_COUNT <= WEIGHTED_MAX, "more features than weights");

static bool read_trust(const struct weights *weights, struct rankers *out, struct error *err)
{
    for (size_t i = 0; i < TRUST_SITUATIONS; i++)
        if (!read_sum(weights->trust[i], trust_feature_name, TRUST_FEATURE_COUNT, &out->trust[i],
                      err))
            return false;
    return true;
}

bool rankers_read(const struct weights *weights, struct rankers *out, struct error *err)
{
    return read_sum(weights->ranker, ranking_feature_name, RANKING_FEATURE_COUNT, &out->ranker,
                    err) &&
           read_sum(weights->results, result_feature_name, RESULT_FEATURE_COUNT, &out->results,
                    err) &&
           read_sum(weights->sureness, sureness_feature_name, SURENESS_FEATURE_COUNT,
                    &out->sureness, err) &&
           read_trust(weights, out, err);
}

static inline double part_of(const struct weighted_sum *sum, const float *values, size_t i)
{
    double value = (double)((values[i] - sum->mean[i]) * sum->inverse[i]);
    value = value > -CLIP ? value : -CLIP;
    return (value < CLIP ? value : CLIP) * (double)sum->weight[i];
}

double weighted_sum_part(const struct weighted_sum *sum, const float *values, size_t i)
{
    return part_of(sum, values, i);
}

double weighted_sum_score(const struct weighted_sum *sum, const float *values)
{
    double total = 0;
    for (size_t i = 0; i < sum->count; i++)
        total += part_of(sum, values, i);
    return total;
}

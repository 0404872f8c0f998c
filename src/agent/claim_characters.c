/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of prose, and those that are numbers by themselves. */
#include "agent/claim_priv.h"

int claim_digit_value(unsigned character)
{
    /* The zeros of the scripts whose ten digits follow one another. */
    static const unsigned zeros[] = {
        '0',     0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
        0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,
        0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,
        0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066,
        0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
        0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
        0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0};
    for (size_t i = 0; i < COUNT(zeros); i++)
        if (character >= zeros[i] && character < zeros[i] + 10)
            return (int)(character - zeros[i]);
    return -1;
}

unsigned claim_character_at(struct str text, size_t at, size_t *length)
{
    unsigned char first = (unsigned char)text.bytes[at];
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    *length = 1;
    if (more == 0)
        return first;
    unsigned value = first & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if (at + i >= text.length || ((unsigned char)text.bytes[at + i] & 0xC0) != 0x80)
            return first;
        value = value << 6 | ((unsigned char)text.bytes[at + i] & 0x3F);
    }
    *length = more + 1;
    return value;
}

bool claim_is_strange(unsigned character)
{
    static const unsigned ranges[][2] = {
        {0x00B9, 0x00B9}, {0x2070, 0x2079}, {0x2080, 0x2089}, {0x215F, 0x218B},
        {0x2460, 0x249B}, {0x24EA, 0x24FF}, {0x2776, 0x2793}, {0x3021, 0x3029}, {0x3220, 0x3229},
        {0x3280, 0x3289}, {0x1F100, 0x1F10C}};
    static const unsigned chinese[] = {0x767E, 0x5343, 0x842C, 0x4E07, 0x5104, 0x4EBF, 0x5146};
    for (size_t i = 0; i < COUNT(ranges); i++)
        if (character >= ranges[i][0] && character <= ranges[i][1])
            return true;
    for (size_t i = 0; i < COUNT(chinese); i++)
        if (character == chinese[i])
            return true;
    return character >= 0x80 && claim_digit_value(character) >= 0;
}

double claim_fraction_of(unsigned character)
{
    static const struct {
        unsigned character;
        double value;
    } rows[] = {{0x00BC, 0.25},   {0x00BD, 0.5},    {0x00BE, 0.75},   {0x2153, 1.0 / 3},
                {0x2154, 2.0 / 3}, {0x2155, 0.2},    {0x2156, 0.4},    {0x2157, 0.6},
                {0x2158, 0.8},     {0x2159, 1.0 / 6}, {0x215A, 5.0 / 6}, {0x215B, 0.125},
                {0x215C, 0.375},   {0x215D, 0.625},  {0x215E, 0.875}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].character == character)
            return rows[i].value;
    return 0;
}

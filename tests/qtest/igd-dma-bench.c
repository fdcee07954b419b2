/*
 * DMA throughput of igd-testdev, inside and outside its stolen memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not a test: prints one line "WHERE TRANSLATION LENGTH MiB/s" for each
 * combination, the median of several rounds. The combinations take turns in
 * each round, so that whatever else the machine does slows all of them.
 * scripts/bench.py makes ratios of the numbers.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "hw/display/igd-testdev-regs.h"
#include "igd-testdev-rig.h"

#define ROUNDS 7
#define DEVFN 0x10

/* Each measurement moves this much, in commands of the length measured. */
#define TOTAL (256 * MiB)
#define COPY_MAX (32 * MiB)

typedef enum Translation { OFF, ON, PASS_THROUGH } Translation;

static const char *const translation_names[] = { "off", "on", "pt" };
static const uint64_t lengths[] = { 4 * KiB, 64 * KiB, COPY_MAX };

typedef struct Place {
    const char *name;
    uint64_t src;
    uint64_t dst;
} Place;

/* The second is RAM, which the guest maps in 4 KiB pages. */
static const Place places[] = {
    { "region", RIG_DSM_BASE, RIG_DSM_BASE + COPY_MAX },
    { "ram", RIG_HIGH, RIG_HIGH + COPY_MAX },
};

static double rates[G_N_ELEMENTS(places)][3][G_N_ELEMENTS(lengths)][ROUNDS];

static double measure(IGDRig *rig, const Place *place, uint64_t length)
{
    /* Short commands are dominated by this program's own round trips. */
    uint64_t total = MAX(length, MIN(TOTAL, length * 256));
    gint64 start = g_get_monotonic_time();
    uint64_t done;

    for (done = 0; done < total; done += length) {
        uint32_t status = igd_rig_dma(rig, DEVFN, IGD_TESTDEV_CMD_COPY,
                                      place->src + done % COPY_MAX,
                                      place->dst + done % COPY_MAX, length, 0);

        g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_DONE);
    }
    return (double)total / MiB * G_USEC_PER_SEC /
           MAX(g_get_monotonic_time() - start, 1);
}

static void measure_all(IGDRig *rig, Translation translation, int round)
{
    unsigned place, length;

    for (place = 0; place < G_N_ELEMENTS(places); place++) {
        for (length = 0; length < G_N_ELEMENTS(lengths); length++) {
            rates[place][translation][length][round] =
                measure(rig, &places[place], lengths[length]);
        }
    }
}

static void run_round(IGDRig *rig, const VTDDomain *domain, int round)
{
    vtd_guest_set_translation(&rig->vtd, false);
    measure_all(rig, OFF, round);

    vtd_context_set(&rig->vtd, RIG_SID, domain);
    vtd_inv_context_global(&rig->vtd);
    vtd_inv_iotlb_global(&rig->vtd);
    vtd_guest_set_translation(&rig->vtd, true);
    measure_all(rig, ON, round);

    vtd_context_set(&rig->vtd, RIG_SID, NULL);
    vtd_inv_context_global(&rig->vtd);
    vtd_inv_iotlb_global(&rig->vtd);
    measure_all(rig, PASS_THROUGH, round);
}

static int compare_rates(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_all(void)
{
    unsigned place, translation, length;

    for (place = 0; place < G_N_ELEMENTS(places); place++) {
        for (translation = OFF; translation <= PASS_THROUGH; translation++) {
            for (length = 0; length < G_N_ELEMENTS(lengths); length++) {
                double *r = rates[place][translation][length];

                qsort(r, ROUNDS, sizeof(*r), compare_rates);
                printf("%s %s %" PRIu64 " %.1f\n", places[place].name,
                       translation_names[translation], lengths[length],
                       r[ROUNDS / 2]);
            }
        }
    }
}

int main(int argc, char **argv)
{
    VTDDomain domain;
    IGDRig *rig;
    int round;

    g_test_init(&argc, &argv, NULL);
    rig = igd_rig_start("", "", "");
    igd_rig_dma_setup(rig, DEVFN);

    domain = vtd_domain_new(&rig->vtd, 1, 4);
    vtd_map_range(&rig->vtd, &domain, RIG_HIGH, RIG_HIGH, 2 * COPY_MAX);
    vtd_map_range(&rig->vtd, &domain, RIG_BASE, RIG_BASE,
                  RIG_LIMIT + 1 - RIG_BASE);
    vtd_guest_enable(&rig->vtd, true);

    for (round = 0; round < ROUNDS; round++) {
        run_round(rig, &domain, round);
    }
    print_all();
    igd_rig_stop(rig);
    return 0;
}

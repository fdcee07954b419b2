/*
 * User of a VFIO device with a stolen memory region: shared by its files
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/vfio.h>
#include "igd_vfio_stolen.h"

extern int container;               /* the VFIO container */
extern int device;                  /* the first descriptor of the device */
extern const char *address;         /* of the device, as 0000:00:02.0 */
extern struct vfio_region_info region;      /* the stolen memory */
/* volatile: the device writes there, too */
extern volatile uint32_t *dsm;              /* that region, mapped */

/* Prints what was not possible, with errno, and exits */
void fail(const char *what) __attribute__((noreturn));

/* "ok" or "errno N"; valid until the next call */
const char *outcome(long result);

/* The offset of a region that every PCI device has, such as BAR 0 */
uint64_t region_offset(unsigned index);

/* The verbs; each prints one line or more that begins with its name */
void list_regions(void);
void map(void);
void unmap(void);
void check(long long offset, uint64_t length, uint32_t word);
void fill(uint32_t word);
void read_word(uint64_t offset);
void write_word(uint64_t offset, uint32_t word);
void outside(void);
void peek(unsigned subtype, uint64_t offset);
void config(void);
void config_write(void);
void hardware(void);
void master(void);
void irq(void);
void dma_map(uint64_t iova);
void dma_fill(uint64_t iova, uint32_t word);
void dma_forever(uint64_t iova, uint32_t word);

#endif

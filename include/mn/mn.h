/* SPDX-License-Identifier: MIT */
/* mn/mn.h -- all of Mneme. */
#ifndef MN_MN_H
#define MN_MN_H

#include <mn/arc.h>
#include <mn/base.h>
#include <mn/biased.h>
#include <mn/block.h>
#include <mn/bounded.h>
#include <mn/build.h>
#include <mn/counted.h>
#include <mn/class_pool.h>
#include <mn/cell.h>
#include <mn/ephemeron.h>
#include <mn/gc.h>
#include <mn/gc_threads.h>
#include <mn/guard.h>
#include <mn/heap.h>
#include <mn/key.h>
#include <mn/move.h>
#include <mn/mover_map.h>
#include <mn/plan.h>
#include <mn/pool.h>
#include <mn/ref.h>
#include <mn/region.h>
#include <mn/shared_mover.h>
#include <mn/shared_pool.h>
#include <mn/root.h>
#include <mn/source.h>
#include <mn/space.h>
#include <mn/state.h>
#include <mn/stats.h>
#include <mn/strategy.h>
#include <mn/type.h>

#endif

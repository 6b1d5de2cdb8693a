// Loops compiled for several instruction sets; the loader takes the best that the processor has.
//
// For free functions of plain loops whose iterations do not depend on each other, where wider
// vectors pay and BLAS has no such operation. A processor may fuse the products into the sums, as
// BLAS does, so that last bits differ between machines; on one machine they never do. Where the
// loader cannot choose, or a sanitizer would run before it does, there is one version.
#pragma once

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RANEF_CLONES [[gnu::target_clones("avx512f", "avx2", "default")]]
// For functions on lanes: without fused products, the bits are the same everywhere.
#define RANEF_LANE_CLONES [[gnu::target_clones("avx2", "default")]]
#else
#define RANEF_CLONES
#define RANEF_LANE_CLONES
#endif

/** Benchmarks with libtorch as the peer; each checks its answer before it times it. */
@NullMarked
package dev.azimuth.benchmarks;

import org.jspecify.annotations.NullMarked;

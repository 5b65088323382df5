/** Metrics by the definitions of their reference packages, and confidence intervals. */
@NullMarked
package dev.azimuth.metrics;

import org.jspecify.annotations.NullMarked;

/**
 * Random numbers: those of PyTorch's CPU generator, and independent streams derived from a seed.
 */
@NullMarked
package dev.azimuth.tensor.random;

import org.jspecify.annotations.NullMarked;

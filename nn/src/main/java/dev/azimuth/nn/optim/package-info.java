/**
 * What training does with gradients: AdamW, clipping, running averages of weights, learning-rate
 * schedules. Parameters are named tensors, changed in place; state goes out and in as named
 * tensors, so that training goes on bit for bit after a restart.
 */
@NullMarked
package dev.azimuth.nn.optim;

import org.jspecify.annotations.NullMarked;

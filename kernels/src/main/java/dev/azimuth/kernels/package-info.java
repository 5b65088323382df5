/** CUDA kernels, their launchers and the driver interface that they are launched through. */
@NullMarked
package dev.azimuth.kernels;

import org.jspecify.annotations.NullMarked;

/**
 * An interpreter of PTX behind the driver interface: a testing tool that runs the shipped kernels
 * without a GPU and finds what NVIDIA's compute-sanitizer would.
 */
@NullMarked
package dev.azimuth.kernels.emulator;

import org.jspecify.annotations.NullMarked;

/** Noise schedule, DDIM, UNet, autoencoder, CLIP, conditioners and the Zero-1-to-3 pipeline. */
@NullMarked
package dev.azimuth.diffusion;

import org.jspecify.annotations.NullMarked;

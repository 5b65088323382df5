/** Training of the three networks: resumable at any moment, the same bits for the same seed. */
@NullMarked
package dev.azimuth.diffusion.training;

import org.jspecify.annotations.NullMarked;

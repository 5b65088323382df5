/**
 * Latent diffusion: schedules, samplers, the networks of Zero-1-to-3, their conditioning, training.
 */
module dev.azimuth.diffusion {
  requires transitive dev.azimuth.nn;
  requires com.fasterxml.jackson.databind;
  requires static org.jspecify;

  exports dev.azimuth.diffusion;
  exports dev.azimuth.diffusion.checkpoint;
  exports dev.azimuth.diffusion.text;
  exports dev.azimuth.diffusion.training;

  opens dev.azimuth.diffusion to
      com.fasterxml.jackson.databind;
  opens dev.azimuth.diffusion.training to
      com.fasterxml.jackson.databind;
}

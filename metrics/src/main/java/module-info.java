/** How near a picture comes to the truth, and how sure that figure is. */
module dev.azimuth.metrics {
  requires transitive dev.azimuth.diffusion;
  requires transitive dev.azimuth.nn;
  requires commons.math3;
  requires static org.jspecify;

  exports dev.azimuth.metrics;
}

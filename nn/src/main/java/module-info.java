/** Neural-network modules, their parameters, optimizers and schedules. */
module dev.azimuth.nn {
  requires transitive dev.azimuth.tensor;
  requires transitive dev.azimuth.autograd;
  requires static org.jspecify;

  exports dev.azimuth.nn;
  exports dev.azimuth.nn.optim;
}

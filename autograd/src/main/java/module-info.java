/** Gradients of tracked tensors, recomputation instead of storage, and the check of gradients. */
module dev.azimuth.autograd {
  requires transitive dev.azimuth.tensor;
  requires static org.jspecify;

  exports dev.azimuth.autograd;
}

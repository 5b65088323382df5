/** Tensors, their operations and gradients, CPU backends, random numbers and tensor files. */
module dev.azimuth.tensor {
  requires static org.jspecify;
  requires static jdk.incubator.vector;
  requires java.logging;

  exports dev.azimuth.tensor;
  exports dev.azimuth.tensor.op;
  exports dev.azimuth.tensor.cpu;
  exports dev.azimuth.tensor.random;
  exports dev.azimuth.tensor.file;
}

/** Benchmarks; run them with {@code java -jar benchmarks/target/azimuth-benchmarks.jar}. */
module dev.azimuth.benchmarks {
  requires dev.azimuth.tensor;
  requires dev.azimuth.views;
  requires jmh.core;
  requires static org.jspecify;

  exports dev.azimuth.benchmarks;
}

/**
 * Benchmarks beside libtorch: {@code ./azimuth bench} for ratios, {@code java -jar
 * benchmarks/target/azimuth-benchmarks.jar} for JMH.
 */
module dev.azimuth.benchmarks {
  requires ai.djl.api;
  requires ai.djl.pytorch_engine;
  requires dev.azimuth.diffusion;
  requires dev.azimuth.tensor;
  requires dev.azimuth.views;
  requires info.picocli;
  requires java.desktop;
  requires jmh.core;
  requires org.knowm.xchart;
  requires static jdk.incubator.vector;
  requires static org.jspecify;

  exports dev.azimuth.benchmarks;

  uses dev.azimuth.tensor.BackendProvider;

  opens dev.azimuth.benchmarks to
      com.fasterxml.jackson.databind,
      info.picocli;
}

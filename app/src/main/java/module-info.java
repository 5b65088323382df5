/** The azimuth command. */
module dev.azimuth.app {
  requires animated.gif.lib;
  requires com.fasterxml.jackson.databind;
  requires dev.azimuth.diffusion;
  requires dev.azimuth.metrics;
  requires dev.azimuth.views;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires org.knowm.xchart;
  requires static org.jspecify;

  uses dev.azimuth.tensor.BackendProvider;

  opens dev.azimuth.app to
      com.fasterxml.jackson.databind,
      info.picocli;
}

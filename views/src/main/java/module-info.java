/**
 * Cameras and relative poses, meshes, the ray tracer, and data sets of views in the published
 * layout.
 */
module dev.azimuth.views {
  requires com.fasterxml.jackson.databind;
  requires dev.azimuth.tensor;
  requires transitive java.desktop;
  requires jgltf.model;
  requires static org.jspecify;

  exports dev.azimuth.views;
}

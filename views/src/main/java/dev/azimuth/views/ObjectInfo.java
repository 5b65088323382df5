package dev.azimuth.views;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code object.json}, beside an object's views: who made it, under which licence, and how it was
 * rendered. The published layout has no such file; readers of it are not disturbed.
 *
 * @param uid the folder's name
 * @param name what people call it
 * @param creator its author; empty if unknown
 * @param licence under which the mesh may be used; empty if unknown
 * @param category as its library sorts it; empty if unknown
 * @param source file, and path in the library
 * @param triangles of the mesh
 * @param lighting of all views
 * @param views how many
 * @param size of the pictures
 * @param samples rays per pixel
 * @param seed of the data set
 * @param rig where the cameras stand
 * @param blankViews numbers of the views in which nothing is seen
 * @param findings what was wrong with the mesh files
 */
public record ObjectInfo(
    String uid,
    String name,
    String creator,
    String licence,
    String category,
    String source,
    int triangles,
    Lighting lighting,
    int views,
    int size,
    int samples,
    long seed,
    CameraRig rig,
    List<Integer> blankViews,
    List<String> findings) {
  static final String FILE = "object.json";

  /** Copies the lists. */
  public ObjectInfo {
    blankViews = List.copyOf(blankViews);
    findings = List.copyOf(findings);
  }

  /**
   * Reads an object's folder's {@code object.json}.
   *
   * @throws IOException naming the file and the reason if it is missing or damaged
   */
  public static ObjectInfo read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    JsonNode json = Json.read(file);
    try {
      JsonNode light = json.required("lighting");
      JsonNode render = json.required("render");
      List<Integer> blank = new ArrayList<>();
      render.required("blank_views").forEach(v -> blank.add(v.intValue()));
      List<String> findings = new ArrayList<>();
      json.required("findings").forEach(v -> findings.add(v.asText()));
      return new ObjectInfo(
          json.required("uid").asText(),
          json.required("name").asText(),
          json.required("creator").asText(),
          json.required("licence").asText(),
          json.required("category").asText(),
          json.required("source").asText(),
          json.required("triangles").intValue(),
          new Lighting(
              light.required("energy").doubleValue(),
              light.required("x").doubleValue(),
              light.required("y").doubleValue(),
              light.required("z").doubleValue()),
          render.required("views").intValue(),
          render.required("size").intValue(),
          render.required("samples").intValue(),
          render.required("seed").longValue(),
          readRig(render),
          blank,
          findings);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": damaged (" + e.getMessage() + ")", e);
    }
  }

  /** Data sets made before there was a choice don't name their cameras: the published ones. */
  private static CameraRig readRig(JsonNode render) {
    if (!render.has("orbit")) {
      return CameraRig.PUBLISHED;
    }
    JsonNode orbit = render.required("orbit");
    return new CameraRig.Orbit(
        orbit.required("elevation").doubleValue(),
        orbit.required("radius").doubleValue(),
        orbit.required("start").doubleValue());
  }

  private static void writeRig(ObjectNode render, CameraRig rig) {
    switch (rig) {
      case CameraRig.Published _ -> {}
      case CameraRig.Orbit(double elevation, double radius, double start) ->
          render
              .putObject("orbit")
              .put("elevation", elevation)
              .put("radius", radius)
              .put("start", start);
    }
  }

  /** Writes it to the folder, whole or not at all. */
  void write(Path folder) throws IOException {
    ObjectNode json = Json.object();
    json.put("uid", uid).put("name", name).put("creator", creator).put("licence", licence);
    json.put("category", category).put("source", source).put("triangles", triangles);
    json.putObject("lighting")
        .put("energy", lighting.energy())
        .put("x", lighting.x())
        .put("y", lighting.y())
        .put("z", lighting.z());
    ObjectNode render = json.putObject("render");
    render.put("views", views).put("size", size).put("samples", samples).put("seed", seed);
    writeRig(render, rig);
    ArrayNode blank = render.putArray("blank_views");
    blankViews.forEach(blank::add);
    ArrayNode list = json.putArray("findings");
    findings.forEach(list::add);
    Json.write(folder.resolve(FILE), json);
  }

  /** Whether the same pictures would come out with these settings. */
  boolean matches(RenderSettings settings) {
    return views == settings.views()
        && size == settings.size()
        && samples == settings.samples()
        && seed == settings.seed()
        && rig.equals(settings.rig());
  }
}

package dev.azimuth.views;

import com.fasterxml.jackson.databind.JsonNode;
import dev.azimuth.tensor.file.Npy;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A data set in the published layout, read back: {@code valid_paths.json} lists the objects'
 * folders, each with {@code NNN.png} and {@code NNN.npy}.
 *
 * <p>Every view that can't be used is an error that names the file; none is ever replaced by a
 * black one. {@link #check} finds them all beforehand. Immutable; may be read by many threads.
 */
public final class ViewDataset {
  /** A line of sight may pass the origin by this part of the distance. */
  private static final double AIM_TOLERANCE = 0.01;

  private static final Pattern VIEW_FILE = Pattern.compile("(\\d{3})\\.(png|npy)");

  private final Path folder;
  private final List<String> objects;
  private final Map<String, Integer> counts;
  private final int views;
  private final int width;
  private final int height;

  private ViewDataset(Path folder, Map<String, Integer> counts, int views, int width, int height) {
    this.folder = folder;
    this.objects = List.copyOf(counts.keySet());
    this.counts = Collections.unmodifiableMap(counts);
    this.views = views;
    this.width = width;
    this.height = height;
  }

  /**
   * Opens a data set. Looks at file names and one picture; the views themselves are checked when
   * they are read.
   *
   * @throws DatasetException naming the file if {@code valid_paths.json} is missing, damaged or
   *     empty, or not one picture can be read
   */
  public static ViewDataset open(Path folder) throws IOException {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String uid : validPaths(folder)) {
      counts.put(uid, countViews(folder.resolve(uid)));
    }
    int views = mostCommon(counts.values());
    Image sample = firstReadable(folder, counts);
    return new ViewDataset(folder, counts, views, sample.width(), sample.height());
  }

  private static List<String> validPaths(Path folder) throws IOException {
    Path file = folder.resolve(ViewRenderer.VALID_PATHS);
    if (!Files.isRegularFile(file)) {
      throw new DatasetException(
          file + ": no such file; a data set has one, which lists its objects");
    }
    JsonNode json = Json.read(file);
    if (!json.isArray() || json.isEmpty()) {
      throw new DatasetException(file + ": must be a list of one or more folder names");
    }
    Set<String> seen = new HashSet<>();
    List<String> uids = new ArrayList<>();
    for (JsonNode entry : json) {
      String uid = entry.asText("");
      boolean plain = !uid.isEmpty() && !uid.matches(".*[/\\\\\\x00].*") && !uid.matches("\\.+");
      if (!entry.isTextual() || !plain) {
        throw new DatasetException(file + ": not a folder's name: " + entry);
      }
      if (!seen.add(uid)) {
        throw new DatasetException(file + ": lists " + uid + " twice");
      }
      uids.add(uid);
    }
    return uids;
  }

  /** One more than the highest number among the folder's views; 0 if it is missing. */
  private static int countViews(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    int count = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Matcher name = VIEW_FILE.matcher(file.getFileName().toString());
        if (name.matches()) {
          count = Math.max(count, Integer.parseInt(name.group(1)) + 1);
        }
      }
    }
    return count;
  }

  /** The most frequent number; of equally frequent ones the largest. */
  private static int mostCommon(Iterable<Integer> numbers) {
    Map<Integer, Integer> frequency = new TreeMap<>();
    numbers.forEach(n -> frequency.merge(n, 1, Integer::sum));
    int best = 0;
    int most = 0;
    for (Map.Entry<Integer, Integer> entry : frequency.entrySet()) {
      if (entry.getValue() >= most) {
        best = entry.getKey();
        most = entry.getValue();
      }
    }
    return best;
  }

  private static Image firstReadable(Path folder, Map<String, Integer> counts) throws IOException {
    IOException first = null;
    for (Map.Entry<String, Integer> object : counts.entrySet()) {
      for (int view = 0; view < object.getValue(); view++) {
        try {
          return Image.read(folder.resolve(object.getKey()).resolve(ViewRenderer.png(view)));
        } catch (IOException e) {
          first = first == null ? e : first;
        }
      }
    }
    throw first == null
        ? new DatasetException(folder + ": none of its objects has a view")
        : new DatasetException(
            folder + ": no picture can be read; the first: " + first.getMessage());
  }

  public Path folder() {
    return folder;
  }

  /** The objects, in the order of {@code valid_paths.json}. */
  public List<String> objects() {
    return objects;
  }

  /** The number of views that most objects have. */
  public int views() {
    return views;
  }

  /** The number of views of an object, counting missing ones before its last. */
  public int views(String uid) {
    Integer count = counts.get(uid);
    if (count == null) {
      throw new IllegalArgumentException(folder + ": has no object " + uid);
    }
    return count;
  }

  /** Width of the pictures. */
  public int width() {
    return width;
  }

  /** Height of the pictures. */
  public int height() {
    return height;
  }

  /**
   * Attribution and settings of an object.
   *
   * @throws IOException if it has no {@code object.json}, as data sets from elsewhere
   */
  public ObjectInfo info(String uid) throws IOException {
    views(uid);
    return ObjectInfo.read(folder.resolve(uid));
  }

  /**
   * Reads a view.
   *
   * @throws DatasetException naming the file if picture or camera is missing or damaged, the
   *     picture has another size than the others or is fully transparent, or the camera doesn't
   *     look at the origin
   */
  public View view(String uid, int index) throws DatasetException {
    if (index < 0 || index >= views(uid)) {
      throw new DatasetException(
          "%s: no view %d, it has %d".formatted(folder.resolve(uid), index, views(uid)));
    }
    Path file = folder.resolve(uid).resolve(ViewRenderer.png(index));
    Image image;
    try {
      image = Image.read(file);
    } catch (IOException e) {
      throw new DatasetException(String.valueOf(e.getMessage()), e);
    }
    if (image.width() != width || image.height() != height) {
      throw new DatasetException(
          "%s: is %d x %d, the data set's pictures are %d x %d"
              .formatted(file, image.width(), image.height(), width, height));
    }
    if (image.isFullyTransparent()) {
      throw new DatasetException(file + ": is fully transparent");
    }
    return new View(uid, index, image, camera(uid, index));
  }

  /**
   * Reads the camera of a view.
   *
   * @throws DatasetException naming the file if it is missing or damaged, or doesn't look at the
   *     origin
   */
  public Camera camera(String uid, int index) throws DatasetException {
    Path file = folder.resolve(uid).resolve(ViewRenderer.npy(index));
    try {
      Npy.Array array = Npy.read(file);
      int[] shape = array.shape();
      if (shape.length != 2 || shape[0] != 3 || shape[1] != 4) {
        throw new DatasetException(file + ": a camera is [3, 4]; got " + Arrays.toString(shape));
      }
      Camera camera = Camera.of(array.values(), Camera.PUBLISHED_FIELD_OF_VIEW);
      if (camera.missOfOrigin() > AIM_TOLERANCE) {
        throw new DatasetException(file + ": the camera doesn't look at the origin");
      }
      return camera;
    } catch (DatasetException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw new DatasetException(
          message.startsWith(file.toString()) ? message : file + ": " + message, e);
    }
  }

  /** Reads everything once and lists what is wrong, in the order of the objects. */
  public List<DatasetProblem> check() {
    List<DatasetProblem> problems = new ArrayList<>();
    for (String uid : objects) {
      int count = views(uid);
      if (count != views) {
        problems.add(
            new DatasetProblem(
                uid,
                -1,
                "%s: %d views, the others have %d".formatted(folder.resolve(uid), count, views)));
      }
      for (int view = 0; view < count; view++) {
        try {
          view(uid, view);
        } catch (DatasetException e) {
          problems.add(new DatasetProblem(uid, view, String.valueOf(e.getMessage())));
        }
      }
    }
    return problems;
  }
}

package dev.azimuth.views;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which objects a model learns from and which it is tested on; no object is in two lists.
 *
 * @param train objects to learn from
 * @param testObjects objects never seen, by authors of whom others are seen
 * @param testAuthors objects never seen, by authors of whom nothing is seen
 */
public record DatasetSplit(List<String> train, List<String> testObjects, List<String> testAuthors) {
  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException naming an object that is listed twice
   */
  public DatasetSplit {
    train = List.copyOf(train);
    testObjects = List.copyOf(testObjects);
    testAuthors = List.copyOf(testAuthors);
    Set<String> seen = new HashSet<>();
    for (List<String> list : List.of(train, testObjects, testAuthors)) {
      for (String uid : list) {
        if (!seen.add(uid)) {
          throw new IllegalArgumentException("split: " + uid + " is listed twice");
        }
      }
    }
  }

  /** Both test lists. */
  public List<String> test() {
    List<String> all = new ArrayList<>(testObjects);
    all.addAll(testAuthors);
    return all;
  }

  /**
   * Splits objects, the same way each time: half of the test share goes to whole authors, in random
   * order as long as they fit; the other half to families of objects, that is one author's with the
   * same name but for a number ("Chair 2"), so that a near copy of a test object isn't learnt from.
   * Authors who made an object together count as one; objects whose author is unknown are families
   * of an author without name, who is never tested as a whole.
   *
   * @param testShare of all objects, in (0, 1); met from below
   */
  public static DatasetSplit of(Collection<ObjectInfo> objects, double testShare, long seed) {
    if (!(testShare > 0 && testShare < 1)) {
      throw new IllegalArgumentException(
          "split: the test share must lie in (0, 1); got " + testShare);
    }
    Map<String, String> authors = joinedAuthors(objects);
    Map<String, List<String>> byAuthor = new TreeMap<>();
    Map<String, List<String>> byFamily = new TreeMap<>();
    for (ObjectInfo object : objects) {
      String author = authors.getOrDefault(object.creator(), "");
      byAuthor.computeIfAbsent(author, unseen -> new ArrayList<>()).add(object.uid());
      String family = author + "\n" + stem(object.name());
      byFamily.computeIfAbsent(family, unseen -> new ArrayList<>()).add(object.uid());
    }
    byAuthor.remove("");
    int half = (int) (objects.size() * testShare / 2);
    SeedStream random = SeedStream.of(seed, "split");
    Set<String> testAuthors = draw(byAuthor, half, Set.of(), random);
    Set<String> testObjects = draw(byFamily, half, testAuthors, random);
    List<String> train = new ArrayList<>();
    List<String> unseenObjects = new ArrayList<>();
    List<String> unseenAuthors = new ArrayList<>();
    for (ObjectInfo object : objects) {
      String uid = object.uid();
      (testAuthors.contains(uid)
              ? unseenAuthors
              : testObjects.contains(uid) ? unseenObjects : train)
          .add(uid);
    }
    return new DatasetSplit(train, unseenObjects, unseenAuthors);
  }

  /** The published split: the first 99 % of the list to learn from, the rest to test on. */
  public static DatasetSplit published(List<String> objects) {
    int train = (int) (objects.size() * 99L / 100);
    return new DatasetSplit(
        objects.subList(0, train), objects.subList(train, objects.size()), List.of());
  }

  /** Whole groups in random order, as long as they fit into the budget. */
  private static Set<String> draw(
      Map<String, List<String>> groups, int budget, Set<String> taken, SeedStream random) {
    List<List<String>> order = new ArrayList<>(groups.values());
    for (int i = order.size() - 1; i > 0; i--) {
      int j = (int) random.uniform(0, i + 1);
      List<String> swap = order.get(i);
      order.set(i, order.get(j));
      order.set(j, swap);
    }
    Set<String> drawn = new HashSet<>();
    for (List<String> group : order) {
      if (drawn.size() + group.size() <= budget && !taken.containsAll(group)) {
        drawn.addAll(group);
      }
    }
    return drawn;
  }

  /** For each creator line, "A & B", one name for all authors tied by joint work; none if empty. */
  private static Map<String, String> joinedAuthors(Collection<ObjectInfo> objects) {
    Map<String, String> parent = new HashMap<>();
    Map<String, String> first = new LinkedHashMap<>();
    for (ObjectInfo object : objects) {
      List<String> names = new ArrayList<>();
      for (String name : object.creator().split("[,&]")) {
        if (!name.isBlank()) {
          names.add(name.strip().toLowerCase(Locale.ROOT));
        }
      }
      for (String name : names) {
        String a = root(parent, names.get(0));
        String b = root(parent, name);
        // the smaller name stands for the group, whatever the order of the objects
        parent.put(a.compareTo(b) < 0 ? b : a, a.compareTo(b) < 0 ? a : b);
      }
      if (!names.isEmpty()) {
        first.put(object.creator(), names.get(0));
      }
    }
    first.replaceAll((creator, name) -> root(parent, name));
    return first;
  }

  private static String root(Map<String, String> parent, String name) {
    String at = name;
    for (String up = parent.getOrDefault(at, at); !up.equals(at); ) {
      at = up;
      up = parent.getOrDefault(at, at);
    }
    return at;
  }

  private static String stem(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[\\s\\d.,_#()-]+", " ").strip();
  }

  /**
   * Reads {@code {"train": [...], "test_objects": [...], "test_authors": [...]}}.
   *
   * @throws DatasetException naming the file if it is damaged or lists an object twice
   */
  public static DatasetSplit read(Path file) throws IOException {
    JsonNode json = Json.read(file);
    try {
      return new DatasetSplit(
          names(json, "train", file),
          names(json, "test_objects", file),
          names(json, "test_authors", file));
    } catch (IllegalArgumentException e) {
      throw new DatasetException(file + ": " + e.getMessage(), e);
    }
  }

  private static List<String> names(JsonNode json, String key, Path file) throws IOException {
    JsonNode list = json.path(key);
    if (!list.isArray()) {
      throw new DatasetException(file + ": '" + key + "' must be a list of objects");
    }
    List<String> names = new ArrayList<>();
    for (JsonNode entry : list) {
      if (!entry.isTextual()) {
        throw new DatasetException(file + ": '" + key + "' holds " + entry + ", not a name");
      }
      names.add(entry.asText());
    }
    return names;
  }

  /** Writes what {@link #read} reads, whole or not at all. */
  public void write(Path file) throws IOException {
    ObjectNode json = Json.object();
    put(json, "train", train);
    put(json, "test_objects", testObjects);
    put(json, "test_authors", testAuthors);
    Json.write(file, json);
  }

  private static void put(ObjectNode json, String key, List<String> names) {
    ArrayNode list = json.putArray(key);
    names.forEach(list::add);
  }
}

package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatasetSplitTest {
  @TempDir Path folder;

  private static ObjectInfo object(String uid, String name, String creator) {
    return new ObjectInfo(
        uid,
        name,
        creator,
        "",
        "",
        "",
        1,
        new Lighting(450, 0, 0, 1),
        3,
        8,
        2,
        1,
        CameraRig.PUBLISHED,
        List.of(),
        List.of());
  }

  /** One author of half of all, in pairs of near copies; many small ones, two of them tied. */
  private static List<ObjectInfo> objects() {
    List<ObjectInfo> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      all.add(
          object("big-" + i, "Thing" + (char) ('a' + i / 2 % 26) + i / 52 + " " + i % 2, "Big"));
    }
    for (int i = 0; i < 90; i++) {
      all.add(object("small-" + i, "Object " + i, "Author " + i / 3));
    }
    for (int i = 0; i < 10; i++) {
      all.add(object("none-" + i, "Unknown " + (char) ('a' + i), ""));
    }
    all.set(100, object("small-0", "Object 0", "Author 0 & author 1"));
    return all;
  }

  private static Set<String> where(Predicate<ObjectInfo> test) {
    Set<String> uids = new HashSet<>();
    objects().stream().filter(test).forEach(object -> uids.add(object.uid()));
    return uids;
  }

  @Test
  void listsAreDisjointCompleteAndOfTheSizeAskedFor() {
    DatasetSplit split = DatasetSplit.of(objects(), 0.2, 1);
    Set<String> all = new HashSet<>(split.train());
    all.addAll(split.test());
    assertEquals(where(object -> true), all);
    assertEquals(200, split.train().size() + split.test().size());
    assertTrue(split.testAuthors().size() > 16 && split.testAuthors().size() <= 20);
    assertTrue(split.testObjects().size() > 16 && split.testObjects().size() <= 20);
    assertEquals(split, DatasetSplit.of(objects(), 0.2, 1), "the same each time");
    assertNotEquals(split, DatasetSplit.of(objects(), 0.2, 2));
  }

  @Test
  void testAuthorsAreSeenNowhereElse() {
    for (int seed = 0; seed < 30; seed++) {
      DatasetSplit split = DatasetSplit.of(objects(), 0.3, seed);
      Set<String> test = new HashSet<>(split.testAuthors());
      for (int author = 0; author < 30; author++) {
        String name = "author " + author;
        Set<String> his =
            where(
                object ->
                    Set.of(object.creator().toLowerCase(Locale.ROOT).split(" & ")).contains(name));
        Set<String> seen = new HashSet<>(his);
        seen.retainAll(test);
        assertTrue(seen.isEmpty() || seen.equals(his), name + " is split: " + seen);
      }
    }
  }

  @Test
  void nearCopiesStayTogether() {
    for (int seed = 0; seed < 30; seed++) {
      DatasetSplit split = DatasetSplit.of(objects(), 0.3, seed);
      Set<String> test = new HashSet<>(split.testObjects());
      for (int i = 0; i < 100; i += 2) {
        assertEquals(test.contains("big-" + i), test.contains("big-" + (i + 1)));
      }
    }
  }

  @Test
  void thePublishedSplitTestsTheLastHundredth() {
    List<String> uids = objects().stream().map(ObjectInfo::uid).toList();
    DatasetSplit split = DatasetSplit.published(uids);
    assertEquals(uids.subList(0, 198), split.train());
    assertEquals(uids.subList(198, 200), split.test());
  }

  @Test
  void filesGoBothWaysAndBadOnesAreErrors() throws IOException {
    DatasetSplit split = DatasetSplit.of(objects(), 0.2, 1);
    Path file = folder.resolve("split.json");
    split.write(file);
    assertEquals(split, DatasetSplit.read(file));
    for (String text :
        new String[] {
          "",
          "[]",
          "{\"train\":[\"a\"],\"test_objects\":[\"b\"]}",
          "{\"train\":[\"a\"],\"test_objects\":[\"a\"],\"test_authors\":[]}",
          "{\"train\":[1],\"test_objects\":[],\"test_authors\":[]}"
        }) {
      Files.writeString(file, text);
      IOException e = assertThrows(IOException.class, () -> DatasetSplit.read(file), text);
      assertTrue(e.getMessage().contains("split.json"), e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> DatasetSplit.of(objects(), 0, 1));
    assertThrows(IllegalArgumentException.class, () -> DatasetSplit.of(objects(), Double.NaN, 1));
  }
}

package dev.azimuth.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The tables of {@code kernels/PERFORMANCE.md}: for each kernel, its figures by their names. */
final class PerformanceTable {
  /** What a larger figure means. */
  enum Sense {
    NEITHER,
    WORSE,
    BETTER
  }

  /** A column after that of the kernels' names. */
  record Column(String name, Sense larger) {}

  private final List<Column> columns;
  private final Map<String, List<String>> rows = new TreeMap<>();

  PerformanceTable(Column... columns) {
    this.columns = List.of(columns);
  }

  /** A kernel's figures, in the order of the columns. */
  void put(String kernel, String... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(kernel + ": " + Arrays.toString(cells));
    }
    rows.put(kernel, List.of(cells));
  }

  boolean has(String kernel) {
    return rows.containsKey(kernel);
  }

  /** As Markdown. */
  String text() {
    StringBuilder text = new StringBuilder("| kernel |");
    columns.forEach(column -> text.append(' ').append(column.name).append(" |"));
    text.append("\n| --- |");
    columns.forEach(column -> text.append(column.larger == Sense.NEITHER ? " --- |" : " ---: |"));
    text.append('\n');
    rows.forEach(
        (kernel, cells) -> {
          text.append("| `").append(kernel).append("` |");
          cells.forEach(cell -> text.append(' ').append(cell).append(" |"));
          text.append('\n');
        });
    return text.toString();
  }

  /** The figures that are worse here than in a text that holds such a table, one line each. */
  List<String> worseThan(String earlier) {
    List<String> worse = new ArrayList<>();
    Map<String, List<String>> before = parse(earlier);
    rows.forEach(
        (kernel, cells) -> {
          List<String> old = before.get(kernel);
          for (int i = 0; old != null && i < cells.size(); i++) {
            int larger = Double.compare(number(cells.get(i)), number(old.get(i)));
            Sense sense = columns.get(i).larger;
            if ((sense == Sense.WORSE && larger > 0) || (sense == Sense.BETTER && larger < 0)) {
              worse.add(
                  "%s: %s was %s, now %s"
                      .formatted(kernel, columns.get(i).name, old.get(i), cells.get(i)));
            }
          }
        });
    return worse;
  }

  private Map<String, List<String>> parse(String text) {
    Map<String, List<String>> found = new LinkedHashMap<>();
    for (String line : text.lines().toList()) {
      String[] cells = line.split("\\|");
      if (cells.length == columns.size() + 2 && cells[1].startsWith(" `")) {
        found.put(
            cells[1].strip().replace("`", ""),
            Arrays.stream(cells).skip(2).map(String::strip).toList());
      }
    }
    return found;
  }

  /** A cell's number; what has none is neither better nor worse than anything. */
  private static double number(String cell) {
    String digits = cell.replaceAll("[^0-9.]", "");
    return digits.isEmpty() ? 0 : Double.parseDouble(digits);
  }
}

package dev.azimuth.views;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azimuth.tensor.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;

/** JSON files, read with a bound and written whole or not at all. */
final class Json {
  private static final long MAX_BYTES = 1L << 28;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static JsonNode read(Path file) throws IOException {
    byte[] bytes = FileBytes.read(file, MAX_BYTES);
    try {
      JsonNode node = MAPPER.readTree(bytes);
      if (node == null || node.isMissingNode()) {
        throw new IOException(file + ": empty");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": not JSON (" + e.getOriginalMessage() + ")", e);
    }
  }

  static void write(Path file, JsonNode node) throws IOException {
    byte[] text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(node);
    AtomicFile.write(file, text);
  }
}

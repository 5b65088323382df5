package dev.azimuth.diffusion;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.tensor.file.FileFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads and writes configuration records as JSON with the reference's {@code snake_case} names.
 * Unknown names, wrong types and impossible sizes are refused with the file and the reason; a
 * number that is absent is 0, which a record that needs one refuses by name.
 */
public final class Configuration {
  private static final long MAX_BYTES = 1 << 20;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .build();

  private Configuration() {}

  /**
   * A configuration record from a file.
   *
   * @throws FileFormatException if the content isn't one
   * @throws IOException if the file can't be read
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileFormatException(file, "is a folder, not a configuration");
    }
    if (Files.isRegularFile(file) && Files.size(file) > MAX_BYTES) {
      throw new FileFormatException(file, "a configuration is at most " + MAX_BYTES + " bytes");
    }
    byte[] content = Files.readAllBytes(file);
    try {
      return MAPPER.readValue(content, type);
    } catch (JacksonException e) {
      throw new FileFormatException(file, reason(e), e);
    }
  }

  /** A configuration record from text. */
  public static <T> T parse(String json, Class<T> type) {
    try {
      return MAPPER.readValue(json, type);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("configuration: " + reason(e), e);
    }
  }

  /** Writes a configuration record, whole or not at all. */
  public static void write(Path file, Object configuration) throws IOException {
    AtomicFile.writeString(file, format(configuration) + "\n");
  }

  /** A configuration record as text. */
  public static String format(Object configuration) {
    try {
      return MAPPER.writeValueAsString(configuration);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("configuration: " + e.getOriginalMessage(), e);
    }
  }

  private static String reason(JacksonException e) {
    // a record's own check says it best, without Jackson's wrapping
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof IllegalArgumentException && !(cause instanceof JacksonException)) {
        return String.valueOf(cause.getMessage());
      }
    }
    String where =
        e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()
            ? mapping
                .getPathReference()
                .replaceAll(".*?\\[\"(.*?)\"\\]", "$1.")
                .replaceAll("\\.$", "")
            : "";
    String line = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    return (where.isEmpty() ? "" : where + ": ") + e.getOriginalMessage() + line;
  }
}

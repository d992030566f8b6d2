package com.amazonaws.internal;

import com.amazonaws.internal.config.HostRegexToRegionMapping;
import com.amazonaws.internal.config.InternalConfig;
import com.amazonaws.regions.Region;
import java.net.URI;

/**
 * Where version 1 of the AWS SDK for Java finds a service: at home, for every service and region.
 *
 * <p>The SDK knows no AWS_ENDPOINT_URL. This class stands in for its own of the same name, being
 * first on the class path; an endpoint that the function configures does not come by here.
 *
 * <p>The SDK signs for the region that it reads from the host's name. So each region has its own
 * way to write localhost in small and capital letters, which awssdk_config_override.json maps
 * back. S3 gets the address as a number: for those its client keeps buckets out of the name.
 */
public class DefaultServiceEndpointBuilder extends ServiceEndpointBuilder {
  private final String serviceName;
  private Region region;

  public DefaultServiceEndpointBuilder(String serviceName, String protocol) {
    this.serviceName = serviceName;
  }

  @Override
  public DefaultServiceEndpointBuilder withRegion(Region region) {
    if (region == null) {
      throw new IllegalArgumentException("Region cannot be null");
    }
    this.region = region;
    return this;
  }

  @Override
  public Region getRegion() {
    return region;
  }

  @Override
  public URI getServiceEndpoint() {
    String home = System.getenv("AWS_ENDPOINT_URL");
    String host = "s3".equals(serviceName) ? "127.0.0.1" : hostOf(region.getName());
    return URI.create(home.replace("://localhost", "://" + host));
  }

  private static String hostOf(String region) {
    for (HostRegexToRegionMapping mapping :
        InternalConfig.Factory.getInternalConfig().getHostRegexToRegionMappings()) {
      for (int capitals = 1; region.equals(mapping.getRegionName()) && capitals < 512; capitals++) {
        if (mapping.isHostNameMatching(spelled(capitals))) {
          return spelled(capitals);
        }
      }
    }
    throw new IllegalArgumentException("No way home is known for the region " + region);
  }

  /** localhost, with a capital letter wherever the number has a bit. */
  private static String spelled(int capitals) {
    char[] letters = "localhost".toCharArray();
    for (int at = 0; at < letters.length; at++) {
      if ((capitals >> at & 1) == 1) {
        letters[at] = Character.toUpperCase(letters[at]);
      }
    }
    return new String(letters);
  }
}

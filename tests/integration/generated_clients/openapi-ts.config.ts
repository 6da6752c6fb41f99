export default {
  input: "openapi.json",
  output: { path: "doorward", importFileExtension: ".js" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};

declare module "virtual:words/id" {
  const catalogue: Record<string, string>;
  export default catalogue;
}
declare module "virtual:words/en" {
  const catalogue: Record<string, string>;
  export default catalogue;
}
